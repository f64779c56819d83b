"""The whistle and the team (吹哨报到): who is called, who comes, who was not there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts import commands as say
from shared.contracts.limits import Limit
from tests.support.model.case import CaseFile, Refused, Seat, Spot, Team
from tests.support.model.ground import grid_of, middle
from tests.support.model.routes import centre, department

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel

LATE = timedelta(minutes=1)
"""A whistle that is blown later than this after its instant counts from when it is blown (decision 051)."""

METRES_A_DEGREE = 111_195.0


class Teamwork:
    """What becomes of a whistle."""

    def __init__(self, district: DistrictModel, rise: Callable[[CaseFile, datetime], None]) -> None:
        self.district, self.rise = district, rise
        self.days = district.days

    def tell(self, case: CaseFile, what: str, at: datetime, **more: Any) -> None:
        """Let everybody know."""
        self.district.happened(case, what, at, team=case.team, **more)

    def ahead(self, case: CaseFile) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """The roll is called at the muster time of whoever is missing and was not called absent yet."""
        team = case.team
        if team and not team.ended and (outstanding := self.outstanding(team)):
            at = min(self.roll_time(team, seat) for seat in outstanding)
            yield at, lambda: self.call_the_roll(case, team, at)

    # ---- blowing it

    def blow(self, case: CaseFile, reason: str, at: datetime, refs: Iterable[str | None]) -> None:
        """Call those the case is about, or the centre if nobody is known, and whom the profile always invites."""
        found = [department(case.profile, ref, case.place.get("township")) for ref in refs if ref]
        required = list(dict.fromkeys(code for code in found if code)) or [centre(case.profile)]
        optional = [code for code in case.profile.whistle.optional_departments if code not in required]
        self.call(case, reason, self.counts_from(at), required, optional)

    def counts_from(self, at: datetime) -> datetime:
        """Nobody is absent from a muster that had not been called."""
        return self.district.now if self.district.now - at > LATE else at

    def call(
        self, case: CaseFile, reason: str, at: datetime, required: list[str], optional: list[str], **wish: Any
    ) -> None:
        """Call the departments: a new team, those of the live one who are not there, or just further members.

        Who was called and whose time is not over gets no more of it. After it all who are not there are called anew, as
        often as the profile allows.
        """
        team = case.team
        if team is None or team.ended:
            case.team = team = Team(team.number + 1 if team else 1, at, place=self.mustering_place(case))
            anew = True
        else:
            anew = team.mustered and team.round - team.added < case.profile.whistle.max_rounds
        place, within = wish.get("place"), wish.get("within") or case.profile.whistle.muster_within
        muster_by = self.days.due(at, within)
        words = place is not None and place[2] is not None and place[2] == team.place[2]
        if not anew and place and place != team.place and not (words and None in (place[0], team.place[0])):
            raise Refused("illegal-transition")
        before = len(team.seats)
        changed = self.seat(team, required, optional, at, muster_by)
        if anew and len(team.seats) == before and all(seat.present for seat in team.seats if seat.required):
            return
        called = [seat for seat in (team.seats if anew else changed) if not seat.present]
        if not called:
            return
        team.round, team.summoned, team.quorum = team.round + 1, at, self.quorum(case, team, wish.get("quorum"))
        if anew:
            team.muster_by, team.mustered, team.failed, team.place = muster_by, False, None, place or team.place
            for seat in called:
                seat.coming = seat.answered = None
        else:
            team.added += 1
        members = tuple(seat.holder for seat in called)
        self.tell(case, "team.summoned", at, reason=reason, members=members, until=muster_by)

    @staticmethod
    def seat(team: Team, required: list[str], optional: list[str], at: datetime, due: datetime) -> list[Seat]:
        """Add who has no seat yet; who was invited and is required now, is called now. Return whose seats are new."""
        changed: list[Seat] = []
        for code in [*required, *optional]:
            taken = next((seat for seat in team.seats if code in (seat.department, seat.holder)), None)
            if taken is None:
                team.seats.append(Seat(code, code in required, at, due))
                changed.append(team.seats[-1])
            elif code in required and not taken.required:
                taken.required, taken.called, taken.due = True, at, due
                changed.append(taken)
        return changed

    @staticmethod
    def quorum(case: CaseFile, team: Team, wish: int | None) -> int:
        """How many of the required members must be there."""
        required = sum(seat.required for seat in team.seats)
        if wish is not None:
            return min(wish, required)
        rule = case.profile.whistle.quorum
        part, whole = (int(number) for number in (rule.fraction or "1/1").split("/"))
        wanted = rule.number or math.ceil(required * part / whole)
        return max(1, min(wanted, required))

    def mustering_place(self, case: CaseFile) -> Spot:
        """At the report, in the middle of its grid, or at the township, which has no coordinates."""
        ground, wanted = case.ground or case.profile, case.profile.whistle.place
        if wanted == "township" and case.place.get("township"):
            return (None, None, next(one.name for one in ground.townships if one.code == case.place["township"]))
        grid = grid_of(ground, case.place.get("grid"))
        if wanted == "grid" and grid is not None and grid.polygon:
            return (*middle(grid), grid.name)
        return (case.place.get("lon"), case.place.get("lat"), None)

    @staticmethod
    def spot(case: CaseFile, command: say.BlowWhistle) -> Spot:
        """The point that is given, or the middle of the grid that the words name, which is a rectangle here."""
        ground = case.ground or case.profile
        drawn = [one for one in ground.grids if one.polygon and not one.successors]
        named = [one for one in drawn if command.place and one.name in command.place]
        if command.lon is not None or not named:
            return (command.lon, command.lat, command.place)
        return (*middle(named[0]), command.place)

    # ---- the roll

    @staticmethod
    def missing(team: Team) -> list[Seat]:
        """Who should be there and is not: the required, and the invited who said that they come."""
        return [seat for seat in team.seats if (seat.required or seat.coming) and not seat.present]

    @staticmethod
    def roll_time(team: Team, seat: Seat) -> datetime:
        """When a member must be there in this round; who was called later has until later."""
        assert team.muster_by is not None
        return max(team.muster_by, seat.due)

    def was_absent(self, team: Team, seat: Seat) -> bool:
        """Say whether the member was called absent in this round."""
        if self.roll_time(team, seat) == team.muster_by:
            return team.mustered
        return seat.absent is not None and seat.absent >= seat.due

    def outstanding(self, team: Team) -> list[Seat]:
        """Who is missing and was not called absent in this round."""
        return [seat for seat in self.missing(team) if not self.was_absent(team, seat)]

    def call_the_roll(self, case: CaseFile, team: Team, at: datetime) -> None:
        """Say who is absent; if there can be no quorum any more, the case rises and the whistle is blown again."""
        for seat in [seat for seat in self.outstanding(team) if self.roll_time(team, seat) <= at]:
            seat.absences, seat.absent = seat.absences + 1, at
            self.tell(case, "team.absent", at, department=seat.holder)
        team.mustered = team.mustered or (team.muster_by is not None and at >= team.muster_by)
        still = [seat for seat in team.seats if seat.required and (seat.present or not self.was_absent(team, seat))]
        if team.on_scene or team.failed or len(still) >= team.quorum:
            return
        team.failed = at
        self.tell(case, "team.muster-failed", at)
        self.rise(case, at)
        self.call(case, "muster_failed", self.counts_from(at), [], [], quorum=team.quorum)

    def stand_down(self, case: CaseFile, at: datetime) -> None:
        """Send the team home, if there is one."""
        if case.team and not case.team.ended:
            case.team.ended = at
            self.tell(case, "team.stood-down", at)

    # ---- what people say

    def do(self, case: CaseFile, command: Any) -> None:
        """Let somebody blow the whistle, answer, come, send another, or send the team home."""
        at = min(command.occurred_at, self.district.now)
        react: dict[str, Callable[[CaseFile, Any, datetime], None]] = {
            "case.whistle": self.on_whistle,
            "team.answer": self.on_answer,
            "team.check-in": self.on_check_in,
            "team.substitute": self.on_substitute,
            "team.stand-down": self.on_stand_down,
        }
        react[command.type.removeprefix("gridwhistle.").removesuffix(".v1")](case, command, at)

    def named(self, case: CaseFile, refs: Iterable[str]) -> list[str]:
        """The departments that a person named."""
        found = [department(case.profile, ref, case.place.get("township")) for ref in refs]
        if not all(found):
            raise Refused("unknown-department")
        return list(dict.fromkeys(code for code in found if code))

    def on_whistle(self, case: CaseFile, command: say.BlowWhistle, _: datetime) -> None:
        """By hand, to another place if one is named."""
        if not case.open:
            raise Refused("illegal-transition")
        required = self.named(case, command.departments)
        optional = [code for code in self.named(case, command.optional) if code not in required]
        minutes = command.muster_within_minutes
        within = None if minutes is None else self.minutes(minutes)
        place = None
        if command.lon is not None or command.place:
            place = self.spot(case, command)
        at = self.counts_from(command.recorded_at)
        self.call(case, "hand", at, required, optional, within=within, quorum=command.quorum, place=place)

    @staticmethod
    def minutes(amount: int) -> Limit:
        """So many minutes of the clock."""
        return Limit.model_validate(f"{amount} clock_minutes")

    def live(self, case: CaseFile) -> Team:
        """The team at work."""
        if case.team is None or case.team.ended:
            raise Refused("illegal-transition")
        return case.team

    @staticmethod
    def seat_of(team: Team, command: Any) -> Seat:
        """The seat of whoever speaks; who has sent another has none any more."""
        speaker = command.actor.department or command.actor.partner
        found = next((seat for seat in team.seats if seat.holder == speaker), None)
        if found is None:
            raise Refused("not-a-member")
        return found

    def on_answer(self, case: CaseFile, command: say.AnswerTeam, at: datetime) -> None:
        """Of several answers the one given last counts; who is there need not answer."""
        seat = self.seat_of(self.live(case), command)
        if seat.present or (seat.answered and at < seat.answered):
            return
        seat.coming, seat.answered = command.coming, at
        self.tell(case, "team.answered", at, department=seat.holder)

    def on_substitute(self, case: CaseFile, command: say.SubstituteTeam, at: datetime) -> None:
        """The substitute takes the whole seat: it must answer and come itself."""
        team = self.live(case)
        seat, (by,) = self.seat_of(team, command), self.named(case, [command.by])
        if seat.present or any(by in (one.department, one.holder) for one in team.seats):
            raise Refused("illegal-transition")
        until = self.roll_time(team, seat)
        self.tell(case, "team.substituted", at, department=seat.holder, by=by, until=until)
        seat.by, seat.coming, seat.answered = by, None, None

    def on_check_in(self, case: CaseFile, command: say.CheckInTeam, at: datetime) -> None:
        """报到: fresh, from the time in which the team was at work, and near enough; it may be told afterwards."""
        team = case.team
        if team is None:
            raise Refused("illegal-transition")
        seat = self.seat_of(team, command)
        if command.nonce in case.nonces:
            raise Refused("replayed-check-in")
        self.inside(case, team, seat, command)
        if seat.present:
            return
        case.nonces.add(command.nonce)
        seat.present = at
        self.tell(case, "team.checked-in", at, department=seat.holder, on_time=at <= seat.due)
        there = sorted(one.present for one in team.seats if one.required and one.present)
        if not team.ended and not team.on_scene and len(there) >= team.quorum:
            team.on_scene = there[team.quorum - 1]
            self.tell(case, "team.on-scene", team.on_scene)

    def inside(self, case: CaseFile, team: Team, seat: Seat, command: say.CheckInTeam) -> None:
        """Check time and place; a time that nobody believed proves no presence, whatever was put in its stead."""
        said = command.backdated_from or command.occurred_at
        if said > self.district.now + case.profile.future_tolerance:
            raise Refused("future-check-in")
        begin = team.whistled - case.profile.whistle.check_in_before
        end = self.roll_time(team, seat) + case.profile.whistle.check_in_after
        if not begin <= said <= min(end, team.ended or end):
            raise Refused("outside-window")
        lon, lat, _ = team.place
        if lon is None or lat is None:
            return
        east = (command.lon - lon) * math.cos(math.radians(lat))
        if math.hypot(east, command.lat - lat) * METRES_A_DEGREE > case.profile.whistle.geofence_m:
            raise Refused("outside-geofence")

    def on_stand_down(self, case: CaseFile, _: Any, at: datetime) -> None:
        """The centre sends them home."""
        self.live(case)
        self.stand_down(case, at)

"""The team's life after the whistle (报到): answers, check-ins, substitutes, who was not there, quorum, stand-down.

Each member answers for itself; nothing here lets one department's answer stand for another's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.escalation.domain.draft import Draft
from services.escalation.domain.ladder import rise
from services.escalation.domain.model import Seat, Team
from services.escalation.domain.whistle import Call, further_round
from shared.contracts.escalations import (
    TeamAbsent,
    TeamAnswered,
    TeamCheckedIn,
    TeamMusterFailed,
    TeamOnScene,
    TeamStoodDown,
    TeamSubstituted,
)

_NOTHING = timedelta(0)


def with_seat(team: Team, changed: Seat) -> Team:
    """Return the team with one seat replaced, by the department it was called for."""
    seats = tuple(changed if seat.department == changed.department else seat for seat in team.seats)
    return team.model_copy(update={"seats": seats})


def expected(seat: Seat) -> bool:
    """Say whether the member must be there: it is required, or it was invited and said that it comes."""
    return seat.required or bool(seat.coming)


def missing(team: Team) -> list[Seat]:
    """Return the seats that should be taken and are not."""
    return [seat for seat in team.seats if expected(seat) and seat.present_at is None]


def present(team: Team) -> tuple[str, ...]:
    """Return who is on site."""
    return tuple(seat.holder for seat in team.seats if seat.present_at is not None)


def unanswered(team: Team) -> list[Seat]:
    """Return the required seats that have neither answered nor come."""
    return [seat for seat in team.seats if seat.required and seat.answered_at is None and seat.present_at is None]


def answer_due(team: Team) -> datetime | None:
    """Return when it will be noted who did not answer."""
    return team.answer_by if team.live and not team.answers_checked and unanswered(team) else None


def muster_due(team: Team) -> datetime | None:
    """Return when it will next be said who is absent."""
    return min((roll_time(team, seat) for seat in _outstanding(team)), default=None) if team.live else None


def roll_time(team: Team, seat: Seat) -> datetime:
    """Return when a member counts as absent in this round; one that was called later has until later."""
    return max(team.muster_by, seat.due_at)


def _outstanding(team: Team) -> list[Seat]:
    """Return the seats that should be taken, are not, and were not called absent in this round."""
    return [seat for seat in missing(team) if not _called_absent(team, seat)]


def _called_absent(team: Team, seat: Seat) -> bool:
    if seat.due_at <= team.muster_by:
        return team.mustered
    return seat.absent_at is not None and seat.absent_at >= seat.due_at


def note_silence(draft: Draft, team: Team) -> None:
    """Note who has not answered in time; it is said when they are not there either."""
    silent = {seat.department for seat in unanswered(team)}
    seats = tuple(
        seat.model_copy(update={"silent": True}) if seat.department in silent else seat for seat in team.seats
    )
    draft.change(team=team.model_copy(update={"seats": seats, "answers_checked": True}))


def call_the_roll(draft: Draft, team: Team, at: datetime) -> str:
    """At a muster time: say who is absent; without a quorum the case rises and the whistle is blown again."""
    for seat in [seat for seat in _outstanding(team) if roll_time(team, seat) <= at]:
        answered = seat.answered_at is not None
        draft.say_of_team(team, TeamAbsent, at, department=seat.holder, answered=answered)
        team = with_seat(team, seat.model_copy(update={"absences": seat.absences + 1, "absent_at": at}))
    team = team.model_copy(update={"mustered": team.mustered or at >= team.muster_by})
    draft.change(team=team)
    if team.on_scene_at is not None or team.failed_at is not None or _may_gather(team):
        return "absence_noted"
    _fail(draft, team.model_copy(update={"failed_at": at}), at)
    return "muster_failed"


def _may_gather(team: Team) -> bool:
    """Say whether the quorum may still be there in time: members called later are still on their way."""
    awaited = [seat for seat in team.seats if seat.present_at is not None or not _called_absent(team, seat)]
    return sum(seat.required for seat in awaited) >= team.quorum


def _fail(draft: Draft, team: Team, at: datetime) -> None:
    draft.change(team=team)
    away = tuple(seat.holder for seat in missing(team) if _called_absent(team, seat))
    draft.say_of_team(team, TeamMusterFailed, at, present=present(team), absent=away)
    rise(draft, at, "muster_failed")
    further_round(draft, team, Call((), draft.blown_at(at), "muster_failed", quorum=team.quorum))


def answer(draft: Draft, team: Team, seat: Seat, at: datetime, said: dict[str, Any]) -> None:
    """Take a member's own answer; `said` is coming, eta and reason."""
    silent = seat.silent and at > team.answer_by
    known = {"coming": said["coming"], "eta": said["eta"], "answered_at": at, "silent": silent}
    draft.change(team=with_seat(team, seat.model_copy(update=known)))
    draft.say_of_team(team, TeamAnswered, at, department=seat.holder, **said)


def substitute(draft: Draft, team: Team, seat: Seat, at: datetime, by: str) -> None:
    """Give a member's seat to another department, which has to answer and come itself."""
    given = {"by": by, "coming": None, "answered_at": None, "eta": None, "silent": False}
    draft.change(team=with_seat(team, seat.model_copy(update=given)))
    known = {"place": team.place, "muster_by": roll_time(team, seat)}
    draft.say_of_team(team, TeamSubstituted, at, department=seat.holder, by=by, **known)


def arrive(draft: Draft, team: Team, seat: Seat, arrival: dict[str, Any]) -> None:
    """Take a member's arrival: `present_at`, `received_at`, `distance_m`; the quorum may be complete with it."""
    at: datetime = arrival["present_at"]
    team = with_seat(team, seat.model_copy(update=arrival))
    draft.change(team=team)
    draft.say_of_team(
        team,
        TeamCheckedIn,
        at,
        department=seat.holder,
        distance_m=arrival["distance_m"],
        on_time=at <= seat.due_at,
        muster_seconds=seconds(seat.called_at, at),
    )
    if team.live and team.on_scene_at is None:
        _gather(draft, team)


def _gather(draft: Draft, team: Team) -> None:
    """Say once that the quorum is on site, as of when it was complete."""
    arrivals = sorted(seat.present_at for seat in team.seats if seat.required and seat.present_at is not None)
    if len(arrivals) < team.quorum:
        return
    at = arrivals[team.quorum - 1]
    draft.change(team=team.model_copy(update={"on_scene_at": at}))
    draft.say_of_team(team, TeamOnScene, at, present=present(team), muster_seconds=seconds(team.whistled_at, at))


def stand_down(draft: Draft, at: datetime, reason: str) -> None:
    """Send the team home, if there is one."""
    team = draft.case.team
    if team is None or not team.live:
        return
    draft.change(team=team.model_copy(update={"ended_at": at, "ended_because": reason}))
    draft.say_of_team(team, TeamStoodDown, at, reason=reason, seconds=seconds(team.whistled_at, at))


def seconds(begin: datetime, end: datetime) -> float:
    """Return the seconds between two instants, none when the second is the earlier."""
    return max(_NOTHING, end - begin).total_seconds()

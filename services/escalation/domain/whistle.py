"""Blowing the whistle (吹哨): who is called, where to, and until when. What the team then does is `muster.py`.

Four ways lead here: a joint case at its opening, a person by hand, the ladder, and refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Case, Seat, Team
from services.escalation.domain.places import grid_place
from shared.contracts.escalations import Place, TeamMember, TeamSummoned
from shared.contracts.limits import Limit, LimitUnit
from shared.decision import Rejected
from shared.district.areas import Grid
from shared.district.departments import DepartmentIndex
from shared.district.whistle import Place as PlacePolicy

_TOWNSHIP, _COMMUNITY = 9, 12
"""Digits of the codes of a township and of a community, which name departments too."""


@dataclass(frozen=True, slots=True)
class Call:
    """A whistle to be blown; what it leaves open is decided by the profile."""

    required: tuple[str, ...]
    at: datetime
    reason: str
    optional: tuple[str, ...] = ()
    place: Place | None = None
    within: Limit | None = None
    quorum: int | None = None


def department_of(index: DepartmentIndex, ref: str, case: Case) -> str | None:
    """Return the department that a code, `@township` and the like, or the code of a township or community names."""
    if ref.isdigit() and len(ref) == _TOWNSHIP:
        return index.resolve("@township", ref)
    if ref.isdigit() and len(ref) == _COMMUNITY:
        return index.resolve("@community", ref[:_TOWNSHIP], ref)
    return index.resolve(ref, case.township, case.community)


def named_departments(draft: Draft, refs: Iterable[str]) -> tuple[str, ...]:
    """Return the departments that a person named, each once.

    Raises:
        Rejected: `unknown-department`, when the profile does not know one of them.
    """
    found: dict[str, None] = {}
    for ref in refs:
        code = department_of(draft.directory.departments, ref, draft.case)
        if code is None:
            raise Rejected("unknown-department", f"The profile of {draft.case.district} knows no department {ref!r}.")
        found[code] = None
    return tuple(found)


def known_departments(draft: Draft, refs: Iterable[str]) -> tuple[str, ...]:
    """Return those departments that the profile knows, each once; the centre when it knows none."""
    index = draft.directory.departments
    found = {code: None for ref in refs if ref and (code := department_of(index, ref, draft.case))}
    return tuple(found) or (draft.centre,)


def blow(draft: Draft, call: Call) -> bool:
    """Call the departments: a new team, or a further round of the one that lives. Return whether anybody is called."""
    team = draft.case.team
    if team is not None and team.live:
        return further_round(draft, team, call)
    number, nonces = draft.number("team"), team.nonces if team else ()
    seats = _seated(draft, (), call)
    place = call.place or mustering_place(draft)
    _summon(draft, _timed(draft, call, _Base(number, 1, call.at, place, call.reason, seats, nonces)))
    return True


def further_round(draft: Draft, team: Team, call: Call) -> bool:
    """Whistle again for a live team. Return whether anybody is called.

    After the muster time everybody who is not there is called anew, as often as the profile allows. Before it, and when
    the rounds are used up, only who has not been called yet: nobody who was gets more time by it.
    """
    seats = _seated(draft, team.seats, call)
    if team.mustered and team.musters < draft.profile.whistle.max_rounds:
        return _call_anew(draft, team, call, seats)
    return _call_more(draft, team, call, seats)


def _call_anew(draft: Draft, team: Team, call: Call, seats: tuple[Seat, ...]) -> bool:
    if all(seat.present_at is not None for seat in seats if seat.required) and len(seats) == len(team.seats):
        return False
    place = call.place or team.place
    fresh = tuple(seat if seat.present_at else _asked_again(seat) for seat in seats)
    base = _Base(team.number, team.round + 1, team.whistled_at, place, call.reason, fresh, team.nonces)
    kept = {"on_scene_at": team.on_scene_at, "added": team.added}
    _summon(draft, _timed(draft, call, base).model_copy(update=kept))
    return True


def _call_more(draft: Draft, team: Team, call: Call, seats: tuple[Seat, ...]) -> bool:
    if call.place is not None and not _same_place(call.place, team.place):
        sentence = "The team musters at another place; stand it down to call one to this."
        raise Rejected("illegal-transition", sentence, draft.case.phase)
    called = tuple(seat for seat in seats if seat not in team.seats and seat.present_at is None)
    if not called:
        return False
    base = _Base(team.number, team.round + 1, team.whistled_at, team.place, call.reason, seats, team.nonces)
    timed = _timed(draft, call, base)
    taken = ("round", "summoned_at", "answer_by", "quorum", "reason", "seats")
    more = {"added": team.added + 1, "answers_checked": False, **{name: getattr(timed, name) for name in taken}}
    _summon(draft, team.model_copy(update=more), called, timed.muster_by)
    return True


def _same_place(named: Place, place: Place) -> bool:
    words = named.address is not None and named.address == place.address
    return named == place or (words and None in (named.lon, place.lon))


def _asked_again(seat: Seat) -> Seat:
    """Return the seat of a member that must answer anew."""
    return seat.model_copy(update={"coming": None, "answered_at": None, "eta": None, "silent": False})


@dataclass(frozen=True, slots=True)
class _Base:
    number: int
    round: int
    whistled_at: datetime
    place: Place
    reason: str
    seats: tuple[Seat, ...]
    nonces: tuple[str, ...]


def _timed(draft: Draft, call: Call, base: _Base) -> Team:
    """Return the team with the times and the quorum of this round."""
    rules = draft.profile.whistle
    muster_by = muster_time(draft, call)
    required = sum(seat.required for seat in base.seats)
    quorum = rules.quorum.needed(required) if call.quorum is None else min(call.quorum, required)
    return Team(
        number=base.number,
        round=base.round,
        whistled_at=base.whistled_at,
        summoned_at=call.at,
        answer_by=min(muster_by, draft.calendar.due(call.at, rules.answer_within)),
        muster_by=muster_by,
        quorum=quorum,
        place=base.place,
        reason=base.reason,
        seats=base.seats,
        nonces=base.nonces,
    )


def muster_time(draft: Draft, call: Call) -> datetime:
    """Return when the members must be on site."""
    return draft.calendar.due(call.at, call.within or draft.profile.whistle.muster_within)


def _seated(draft: Draft, seats: tuple[Seat, ...], call: Call) -> tuple[Seat, ...]:
    """Return the seats with those of the call added; one that was optional and is required now becomes so."""
    taken = {code: seat for seat in seats for code in (seat.department, seat.holder)}
    changed = {seat.department: seat for seat in seats}
    due = muster_time(draft, call)
    for code in (*call.required, *call.optional):
        required = code in call.required
        if code not in taken:
            taken[code] = changed[code] = Seat(department=code, required=required, called_at=call.at, due_at=due)
        elif required and not taken[code].required:
            summoned = {"required": True, "called_at": call.at, "due_at": due}
            changed[taken[code].department] = taken[code].model_copy(update=summoned)
    return tuple(changed.values())


def _summon(draft: Draft, team: Team, called: Sequence[Seat] = (), muster_by: datetime | None = None) -> None:
    """Tell those who are called, or all who are not on site yet."""
    draft.change(team=team)
    called = called or [seat for seat in team.seats if not seat.present_at]
    draft.say_of_team(
        team,
        TeamSummoned,
        team.summoned_at,
        members=tuple(TeamMember(department=seat.holder, required=seat.required) for seat in called),
        place=team.place,
        answer_by=team.answer_by,
        muster_by=muster_by or team.muster_by,
        quorum=team.quorum,
        reason=team.reason,
    )


def mustering_place(draft: Draft) -> Place:
    """Return where the team musters when nobody names a place: at the report, in its grid, or at the township."""
    case, wanted = draft.case, draft.profile.whistle.place
    if wanted is PlacePolicy.GRID and case.grid:
        grid = _ground(draft.ground.grid(case.grid), draft)
        if grid is not None:
            return grid_place(grid, grid.name)
    if wanted is PlacePolicy.TOWNSHIP and case.township:
        township = draft.ground.township(case.township)
        return Place(address=township.name) if township else case.place
    return case.place


def _ground(grid: Grid | None, draft: Draft) -> Grid | None:
    """Return the grid if it is drawn, of a sub-grid that is not the whole; None where neither is."""
    if grid is not None and grid.polygon is None and grid.parent:
        grid = draft.ground.grid(grid.parent)
    return grid if grid is not None and grid.polygon else None


def call_at_opening(draft: Draft, at: datetime) -> Call:
    """Return the call for a joint case: those it was given to, and whom the profile always invites."""
    return _call_of_case(draft, at, "opening", (draft.case.lead, *draft.case.assists))


def call_by_ladder(draft: Draft, at: datetime, owner: str) -> Call:
    """Return the call of the ladder: all who work on the case, and whoever let the limit pass."""
    return _call_of_case(draft, at, "ladder", (draft.case.lead, *draft.case.assists, owner))


def call_for_refusals(draft: Draft, at: datetime, suggested: str | None) -> Call:
    """Return the call that ends the pushing around (踢皮球): all who refused, and whom they named."""
    return _call_of_case(draft, at, "refusals", (*draft.case.returned, suggested or ""))


def _call_of_case(draft: Draft, at: datetime, reason: str, members: tuple[str, ...]) -> Call:
    required = known_departments(draft, members)
    invited = [code for code in draft.profile.whistle.optional_departments if code not in required]
    return Call(required, draft.blown_at(at), reason, optional=tuple(invited))


def minutes(amount: int | None) -> Limit | None:
    """Return so many minutes as a limit."""
    return None if amount is None else Limit(amount=amount, unit=LimitUnit.CLOCK_MINUTES)

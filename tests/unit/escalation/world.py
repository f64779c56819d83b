"""A small district and the hands of router and partners, so that a test of escalation reads as a story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import pytest

from services.escalation.domain.decide import decide, due
from services.escalation.domain.model import Case, Clock, Seat
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    CaseTriaged,
    CaseVerified,
    CaseWithdrawn,
    Outcome,
    TaskAccepted,
    TaskAssigned,
    TaskCompleted,
    TaskExtended,
    TaskHeld,
    TaskProgressed,
    TaskResumed,
    TaskReturned,
    TaskSuperseded,
)
from shared.contracts.commands import AnswerTeam, BlowWhistle, CheckInTeam, StandDownTeam, SubstituteTeam
from shared.decision import Decision, Rejected, Tick
from shared.district.lookup import DirectoryIndex
from tests.unit.escalation.district import CASE, DISTRICT, GRID, HERE, limit, local, profile

E = TypeVar("E", bound=Event)


class World:
    """One case, told of things one after another; time only moves when told."""

    district = DISTRICT
    case_id = CASE

    def __init__(self, now: str = "2026-07-01T09:00", **changes: Any) -> None:
        self.directory = DirectoryIndex(profile(**changes))
        self.newer: dict[int, DirectoryIndex] = {}
        self.now = local(now)
        self.case: Case | None = None
        self.said: list[Event] = []
        self.reasons: list[str] = []
        self.decisions: list[Decision[Case]] = []

    @property
    def state(self) -> Case:
        """The case, which must be known."""
        assert self.case is not None
        return self.case

    def apply(self, event: Event | Tick) -> list[Event]:
        """Decide on an event and return what was said."""
        decision = decide(self.case, event, self.now, lambda _, version: self.newer.get(version, self.directory))
        self.case = Case.model_validate(decision.state.model_dump(mode="python", exclude_defaults=True))
        assert self.case == decision.state
        self.decisions.append(decision)
        self.reasons.append(decision.reason)
        self.said += decision.events
        return list(decision.events)

    def tick(self, until: str | None = None) -> list[Event]:
        """Sweep as a running service does: at every due instant up to then."""
        said: list[Event] = []
        end = local(until) if until else self.now
        while self.case is not None and (instant := due(self.case)) is not None and instant <= end:
            self.now = max(self.now, instant)
            said += self.apply(Tick(CASE))
        self.now = end
        return said

    def sweep(self, at: str) -> list[Event]:
        """Sweep once, at that time, after a long sleep."""
        self.now = local(at)
        return self.apply(Tick(CASE))

    def at(self, text: str) -> World:
        """Let time pass, with sweeps."""
        self.tick(text)
        return self

    def tell(self, kind: type[E], occurred: str | None = None, **fields: Any) -> list[Event]:
        """Apply an event of the router, known now, that happened at another time if one is given."""
        return self.apply(self.event(kind, occurred, **fields))

    def event(self, kind: type[E], occurred: str | None = None, **fields: Any) -> E:
        """Return an event known now."""
        at = local(occurred) if occurred else self.now
        return kind(district=self.district, case_id=self.case_id, occurred_at=at, recorded_at=self.now, **fields)

    def command(self, kind: type[E], who: str, occurred: str | None = None, **fields: Any) -> list[Event]:
        """Apply a command of a department."""
        actor = Actor(partner=who, kind=PartnerKind.DEPARTMENT, department=who)
        return self.tell(kind, occurred, actor=actor, **fields)

    def triaged(self, limit_: str = "60 clock_minutes", occurred: str | None = None) -> list[Event]:
        """Let the case wait in triage."""
        return self.tell(
            CaseTriaged,
            occurred,
            reason="no category",
            limit=limit(limit_),
            severity=3,
            partner="grid-app",
            profile_version=3,
            grid=GRID,
            township="620802001",
            **HERE,
        )

    def opened(self, occurred: str | None = None, **fields: Any) -> list[Event]:
        """Open the case: housing leads, eight hours for the whole of it."""
        known: dict[str, Any] = {
            "opened_at": local(occurred) if occurred else self.now,
            "category": "E06010",
            "rule": "default",
            "severity": 3,
            "lead": "housing",
            "profile_version": 3,
            "limits": ({"name": "handle", "limit": "8 clock_hours"},),
            "partner": "grid-app",
            "partner_kind": "grid_app",
            "grid": GRID,
            "community": "620802001001",
            "township": "620802001",
            **HERE,
            **fields,
        }
        return self.tell(CaseOpened, occurred, **known)

    def assigned(self, department: str = "housing", occurred: str | None = None, **fields: Any) -> list[Event]:
        """Assign a task: half an hour to accept, four hours to handle."""
        known: dict[str, Any] = {
            "accept_limit": "30 clock_minutes",
            "stages": ({"name": "handle", "limit": "4 clock_hours"},),
            **fields,
        }
        return self.task(TaskAssigned, department, occurred, **known)

    def task(
        self, kind: type[E], department: str = "housing", occurred: str | None = None, number: int = 1, **fields: Any
    ) -> list[Event]:
        """Apply an event of a task."""
        return self.tell(
            kind, occurred, task_id=f"{self.case_id}/{department}#{number}", department=department, **fields
        )

    def accepted(self, department: str = "housing", occurred: str | None = None, **fields: Any) -> list[Event]:
        """Let a department accept."""
        return self.task(TaskAccepted, department, occurred, **fields)

    def completed(self, department: str = "housing", occurred: str | None = None, **fields: Any) -> list[Event]:
        """Let a department complete."""
        return self.task(TaskCompleted, department, occurred, **fields)

    def returned(self, department: str = "housing", count: int = 1, **fields: Any) -> list[Event]:
        """Let a department refuse."""
        known: dict[str, Any] = {"reason": "not ours", "allowed": 2, "arbitrate_limit": "60 clock_minutes", **fields}
        return self.task(TaskReturned, department, count=count, **known)

    def held(self, occurred: str | None = None, until: str | None = None, **fields: Any) -> list[Event]:
        """Hold the lead's task."""
        end = local(until) if until else None
        return self.task(TaskHeld, occurred=occurred, reason="rain", approved_by="centre", until=end, **fields)

    def resumed(self, occurred: str | None = None, number: int = 1) -> list[Event]:
        """Resume the lead's task."""
        return self.task(TaskResumed, occurred=occurred, number=number)

    def extended(self, by: str, occurred: str | None = None, number: int = 1) -> list[Event]:
        """Extend the lead's task."""
        known: dict[str, Any] = {"reason": "more to do", "limit": limit(by), "approved_by": "centre", "count": 1}
        return self.task(TaskExtended, occurred=occurred, number=number, **known)

    def superseded(self, department: str = "housing", **fields: Any) -> list[Event]:
        """Take a task away."""
        return self.task(TaskSuperseded, department, reason="reassigned", **fields)

    def progressed(self, stage: str | None, occurred: str | None = None, number: int = 1) -> list[Event]:
        """Report progress of the lead's task."""
        return self.task(TaskProgressed, occurred=occurred, number=number, stage=stage)

    def resolved(self, verify: str | None = "2 working_days", occurred: str | None = None) -> list[Event]:
        """Resolve the case."""
        return self.tell(CaseResolved, occurred, verify_limit=limit(verify) if verify else None)

    def verified(self, occurred: str | None = None, *, ok: bool = True) -> list[Event]:
        """Let somebody look."""
        return self.tell(CaseVerified, occurred, ok=ok, by="grid-app")

    def closed(self, outcome: Outcome = Outcome.SOLVED, occurred: str | None = None) -> list[Event]:
        """Close the case."""
        known = {"outcome": outcome, "handling_seconds": 1.0, "category": "E06010", "department": "housing"}
        return self.tell(CaseClosed, occurred, **known)

    def withdrawn(self) -> list[Event]:
        """Withdraw the case."""
        return self.tell(CaseWithdrawn, reason="not a case")

    def reopened(self, episode: int = 2) -> list[Event]:
        """Reopen the case."""
        return self.tell(CaseReopened, reason="not solved", episode=episode)

    def whistle(self, *departments: str, who: str = "centre", **fields: Any) -> list[Event]:
        """Blow the whistle by hand."""
        return self.command(BlowWhistle, who, departments=departments, **fields)

    def answer(self, who: str, coming: bool = True, occurred: str | None = None, **fields: Any) -> list[Event]:  # noqa: FBT001, FBT002
        """Let a member answer."""
        return self.command(AnswerTeam, who, occurred, coming=coming, **fields)

    def check_in(
        self, who: str, occurred: str | None = None, nonce: str = "", lon: float = 106.6651, lat: float = 35.5428
    ) -> list[Event]:
        """Let a member check in, at the place unless told otherwise."""
        return self.command(CheckInTeam, who, occurred, nonce=nonce or f"nonce-of-{who}", lon=lon, lat=lat)

    def substitute(self, who: str, by: str) -> list[Event]:
        """Let a member send another."""
        return self.command(SubstituteTeam, who, by=by)

    def stand_down(self) -> list[Event]:
        """Let the centre send the team home."""
        return self.command(StandDownTeam, "centre")

    def clock(self, key: str) -> Clock:
        """Return a clock by its key."""
        return next(clock for clock in self.state.clocks if clock.key == key)

    def live(self) -> set[str]:
        """Return the keys of the live clocks."""
        return {clock.key for clock in self.state.clocks if clock.live}


def names(events: Iterable[Event]) -> list[str]:
    """Return the short types of events, e.g. `clock.started`."""
    return [event.type.removeprefix("gridwhistle.").removesuffix(".v1") for event in events]


def of(events: Iterable[Event], kind: type[E]) -> list[E]:
    """Return the events of one class."""
    return [event for event in events if isinstance(event, kind)]


def whistled(*departments: str, **changes: Any) -> World:
    """Return a case whose team was called at 09:00 for 09:30."""
    world = World(**changes)
    world.opened(limits=())
    world.whistle(*(departments or ("housing", "civil", "police")))
    return world


def seat(world: World, department: str) -> Seat:
    """Return a member's seat."""
    assert world.state.team is not None
    return next(one for one in world.state.team.seats if one.department == department)


def refusal(world: World, who: str, occurred: str | None = None, **fields: Any) -> str:
    """Return the error a check-in is refused with."""
    with pytest.raises(Rejected) as refused:
        world.check_in(who, occurred, **fields)
    return refused.value.error

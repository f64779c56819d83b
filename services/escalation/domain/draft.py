"""A decision in the making: the case as it changes, the events it causes, and the policies it is judged by.

Lives only inside one call of `decide`, which is a pure function from the outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from services.escalation.domain.model import Case, Clock, Team
from shared.contracts.base import Event
from shared.contracts.escalations import ClockEvent, ClockKind, EscalationEvent, TeamEvent
from shared.district.calendar import WorkingCalendar
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile

DirectoryOf = Callable[[str, int], DirectoryIndex]
"""The profile of a district (code, version), ready to be asked; whoever calls `decide` has it loaded already."""

LATE_WHISTLE = timedelta(minutes=1)
"""A whistle blown later than this counts from when it was blown: nobody may be called absent for a whistle that a
service which was down had not blown yet. Blown in time it counts from its own instant, whatever the sweep."""


@dataclass(slots=True)
class Draft:
    """The case while it is decided on."""

    case: Case
    now: datetime
    directory_of: DirectoryOf
    directory: DirectoryIndex
    clocks: dict[str, Clock]
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case, now: datetime, directory_of: DirectoryOf) -> Self:
        """Open a draft under the policies the case was opened under."""
        directory = directory_of(case.district, case.profile_version)
        return cls(case, now, directory_of, directory, {clock.key: clock for clock in case.clocks})

    @property
    def profile(self) -> Profile:
        """The policies in force for this case."""
        return self.directory.profile

    @property
    def ground(self) -> DirectoryIndex:
        """The map that the case lies on: of the cut that moved it, which its own profile knows nothing of."""
        version = self.case.ground
        return self.directory if version is None else self.directory_of(self.case.district, version)

    @property
    def calendar(self) -> WorkingCalendar:
        """The working calendar in force for this case."""
        return self.directory.calendar

    @property
    def centre(self) -> str:
        """The governance centre, default owner of whatever has none."""
        return self.directory.departments.centre or self.profile.triage.owner

    def adopt(self, version: int) -> None:
        """Judge the case by another version of the profile from here on."""
        self.change(profile_version=version)
        self.directory = self.directory_of(self.case.district, version)

    def change(self, **fields: Any) -> None:
        """Change fields of the case."""
        self.case = self.case.model_copy(update=fields)

    def number(self, what: str) -> int:
        """Return the next number of something the case may have several of."""
        number = self.case.numbers.get(what, 0) + 1
        self.change(numbers={**self.case.numbers, what: number})
        return number

    def live(self, *kinds: ClockKind, task: str | None = None) -> list[Clock]:
        """Return the live clocks, of the kinds and the task where they are named."""
        return [
            clock
            for clock in self.clocks.values()
            if clock.verdict is None and (not kinds or clock.kind in kinds) and task in (None, clock.task)
        ]

    def say(self, event: type[EscalationEvent], at: datetime, /, **fields: Any) -> None:
        """Emit an event about the case."""
        case = self.case
        self.events.append(
            event(
                district=case.district,
                case_id=case.case_id,
                episode=case.episode,
                occurred_at=at,
                recorded_at=self.now,
                **fields,
            )
        )

    def say_of(self, clock: Clock, event: type[ClockEvent], at: datetime, /, **fields: Any) -> None:
        """Emit an event about a clock."""
        named = {"clock_id": self.clock_id(clock), "kind": clock.kind, "owner": clock.owner, "due_at": clock.due_at}
        task_id = f"{self.case.case_id}/{clock.task}" if clock.task else None
        self.say(event, at, **named, task_id=task_id, **fields)

    def say_of_team(self, team: Team, event: type[TeamEvent], at: datetime, /, **fields: Any) -> None:
        """Emit an event about the team."""
        self.say(event, at, team_id=f"{self.case.case_id}/team#{team.number}", round=team.round, **fields)

    def clock_id(self, clock: Clock) -> str:
        """Return the clock's id on the bus: the case's and the clock's own part."""
        return f"{self.case.case_id}/{clock.key}"

    def blown_at(self, instant: datetime) -> datetime:
        """Return when a whistle that was to be blown at an instant counts as blown."""
        return self.now if self.now - instant > LATE_WHISTLE else instant

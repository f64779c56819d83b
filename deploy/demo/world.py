"""What the simulated partners may know from the district's own papers: who is who, and when working time is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.desk import Desk
from deploy.demo.habits import ZONE
from shared.contracts.actors import PartnerKind
from shared.contracts.cases import TaskAssigned
from shared.contracts.limits import LimitUnit
from shared.district.lookup import DirectoryIndex

_ROUND_THE_CLOCK = frozenset({LimitUnit.CLOCK_MINUTES, LimitUnit.CLOCK_HOURS})


FIRST_HOUR, LAST_HOUR = 7, 22
"""When people who do not work nights are out: limits run in working time, but nobody leaves a matter at six sharp."""


def shift(at: datetime) -> datetime:
    """Return the instant itself by day and in the evening, else the beginning of the next day's work."""
    local = at.astimezone(ZONE)
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return at
    morning = local.replace(hour=FIRST_HOUR, second=0)
    return morning if local.hour < FIRST_HOUR else morning + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class District:
    """One district of the play."""

    index: DirectoryIndex
    seed: int

    @property
    def code(self) -> str:
        """The six digits."""
        return self.index.profile.code

    def partner(self, kind: PartnerKind) -> str | None:
        """Return the first partner of a kind."""
        return next((one.id for one in self.index.profile.partners if one.kind is kind), None)

    @property
    def centre(self) -> str:
        """The partner id of the governance centre."""
        return self.partner(PartnerKind.CENTRE) or "centre"

    def due(self, task: TaskAssigned) -> datetime | None:
        """Return when a task must be done, as the department reads it from its own calendar."""
        if task.due_at is not None or not task.stages:
            return task.due_at
        return self.index.calendar.due(task.occurred_at, task.stages[-1].limit)

    def works_nights(self, task: TaskAssigned) -> bool:
        """Say whether the task's limit runs round the clock, so that somebody is on duty for it."""
        return bool(task.stages) and task.stages[-1].limit.unit in _ROUND_THE_CLOCK

    def after_work(self, start: datetime, minutes: float, *, nights: bool) -> datetime:
        """Return when so many minutes of work are done: by day and in the evening, unless somebody works nights."""
        if nights:
            return start + timedelta(minutes=minutes)
        done = shift(start) + timedelta(minutes=minutes)
        return done if shift(done) == done else shift(done) + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class World:
    """The districts of the play and what has been heard of their cases."""

    districts: dict[str, District]
    desk: Desk

    def of(self, case_id: str) -> District:
        """Return the district of a case."""
        return self.districts[case_id[:6]]

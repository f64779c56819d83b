"""The recurring work of grid workers (网格员): patrols, visits, duties, leave, training; asked for, done, missed.

A message about it is of no case. Its `case_id` is the number of the township's work book (工作台账), which is its key
and aggregate: what happens in one township is read in order. Workers are named by their reference in the profile, never
by their names.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from shared.contracts.actors import PartnerKind
from shared.contracts.base import Contract, Event, Instant
from shared.contracts.commands import Command

_DOERS = frozenset({PartnerKind.GRID_APP, PartnerKind.TOWNSHIP, PartnerKind.CENTRE})
_LEADERS = frozenset({PartnerKind.TOWNSHIP, PartnerKind.CENTRE})

WorkId = Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]{3}000-workbook$")]
"""The number of a township's work book, e.g. `620802-001000-workbook` of township 620802001.

It has the form of a case id, so that a notice can be about it, and can be none: no month has a day 0."""

Filled = Annotated[WorkId, Field(json_schema_extra={"readOnly": True})]
"""Put in by intake, which knows where the grid or the worker belongs."""

Worker = Annotated[str, Field(min_length=1, max_length=64)]
"""A grid worker's reference as the profile's grids give it."""

LONGEST_LEAVE = dt.timedelta(days=366)
"""A slip in a year would excuse a worker for ever, unseen."""

GridGiven = Annotated[str, Field(pattern=r"^[0-9]{12}[0-9A-Z]{3}$")]


def work_id(area: str) -> str:
    """Return the number of the work book of the township that an area's code lies in."""
    return f"{area[:6]}-{area[6:9]}000-workbook"


def township_of(number: str) -> str:
    """Return the nine digits of the township whose work book has a number."""
    return number[:6] + number[7:10]


class WorkKind(StrEnum):
    """What is owed: a round through the grid (巡查), a call on a household (走访), standing duty (值守)."""

    PATROL = "patrol"
    VISIT = "visit"
    DUTY = "duty"


class WorkCommand(Command):
    """A command about a grid worker's own work."""

    case_id: Filled
    worker: Worker


class RecordWork(WorkCommand):
    """Something owed was done in a grid, at `occurred_at`; WGS-84 degrees, `nonce` guards against a replay."""

    allowed: ClassVar[frozenset[PartnerKind]] = _DOERS

    grid: GridGiven
    obligation: str | None = Field(default=None, max_length=64, description="where the grid owes several of a kind")
    nonce: str = Field(min_length=8, max_length=64)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)


class RecordPatrol(RecordWork):
    """The worker has gone through the grid (巡查)."""

    type: ClassVar[str] = "gridwhistle.patrol.record.v1"


class RecordVisit(RecordWork):
    """The worker has called on a household (走访) and `asked` the questions that the profile wants asked (五问)."""

    type: ClassVar[str] = "gridwhistle.visit.record.v1"

    asked: tuple[Annotated[str, Field(max_length=64)], ...] = Field(default=(), max_length=50)


class RecordDuty(RecordWork):
    """The worker has stood duty (值守)."""

    type: ClassVar[str] = "gridwhistle.duty.record.v1"


class TakeLeave(WorkCommand):
    """A worker is away from `first` to `last`, both included; `substitute` does the work meanwhile.

    Given again for the same first day it replaces what was said; `cancelled` takes it back.
    """

    type: ClassVar[str] = "gridwhistle.worker.leave.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _LEADERS

    first: dt.date
    last: dt.date
    substitute: Worker | None = None
    cancelled: bool = False
    reason: str | None = Field(default=None, max_length=500)

    @model_validator(mode="after")
    def _in_order(self) -> TakeLeave:
        if self.last < self.first:
            raise ValueError("the last day lies before the first")
        if self.last - self.first > LONGEST_LEAVE:
            raise ValueError("a leave lasts a year at most; say it again when it goes on")
        return self


class RecordTraining(WorkCommand):
    """A worker was trained (培训)."""

    type: ClassVar[str] = "gridwhistle.training.record.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _LEADERS

    course: str = Field(min_length=1, max_length=100)
    hours: float = Field(gt=0, le=1_000)


class RecordAssessment(WorkCommand):
    """A worker was assessed (考核): a score of a hundred, and whether that is enough."""

    type: ClassVar[str] = "gridwhistle.assessment.record.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _LEADERS

    subject: str = Field(min_length=1, max_length=100)
    score: float = Field(ge=0, le=100)
    passed: bool


class WorkEvent(Event):
    """A fact about the work in one township, told by escalation."""

    topic: ClassVar[str] = "escalations"

    case_id: WorkId
    township: str


class RoundEvent(WorkEvent):
    """A fact about one round of an obligation: the window from `starts_at` to `ends_at` in which it is owed."""

    obligation: str
    kind: WorkKind
    starts_at: Instant
    ends_at: Instant


class WorkRecorded(RoundEvent):
    """Work that was owed counts as done, the `number`-th of `needed`; `holder` is whom a substitute stood in for."""

    type: ClassVar[str] = "gridwhistle.work.recorded.v1"

    grid: str
    worker: str
    holder: str | None = None
    number: int
    needed: int
    points: int = Field(default=0, description="what it is worth to the worker by the profile of that day")


class MissedPlace(Contract):
    """A grid in which less was done than is owed; `worker` is who owed it, nobody where the grid is vacant."""

    grid: str
    worker: str | None = None
    done: int = 0


class WorkMissed(RoundEvent):
    """A round is over: all grids of the township in which it was missed, told once. `excused` were on leave."""

    type: ClassVar[str] = "gridwhistle.work.missed.v1"

    needed: int
    expected: int = Field(description="grids in which it was owed")
    excused: int = 0
    places: tuple[MissedPlace, ...]
    profile_version: int


class WorkMadeGood(RoundEvent):
    """What was told as missed had been done in time, and only became known late."""

    type: ClassVar[str] = "gridwhistle.work.made-good.v1"

    grid: str
    worker: str


class WorkerEvent(WorkEvent):
    """A fact about one worker."""

    worker: str


class WorkerOnLeave(WorkerEvent):
    """The worker is away, or (`cancelled`) is not after all."""

    type: ClassVar[str] = "gridwhistle.worker.on-leave.v1"

    first: dt.date
    last: dt.date
    substitute: str | None = None
    cancelled: bool = False


class WorkerTrained(WorkerEvent):
    """The worker was trained."""

    type: ClassVar[str] = "gridwhistle.worker.trained.v1"

    course: str
    hours: float
    points: int = 0


class WorkerAssessed(WorkerEvent):
    """The worker was assessed."""

    type: ClassVar[str] = "gridwhistle.worker.assessed.v1"

    subject: str
    score: float
    passed: bool
    points: int = 0

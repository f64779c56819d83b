"""What grid workers owe again and again, and what it is worth: the work section of a profile."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.work import WorkKind
from shared.district.areas import Grid, GridKind
from shared.district.base import Period, Section, Span

ObligationId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""Also a key in stored documents, so no dots."""


class Obligation(Section):
    """One thing owed in every grid of the kinds named: `times` in each round.

    A round is each of `windows` on each day, or a calendar week or month. Two windows a day are 一日两巡.
    """

    id: ObligationId
    kind: WorkKind
    name: str = Field(min_length=1)
    every: Literal["day", "week", "month"] = "day"
    windows: tuple[Period, ...] = Field(default=(), description="of a day, 00:00-24:00 when left out")
    days: Literal["all", "working"] = "all"
    times: int = Field(default=1, ge=1, le=100)
    grids: tuple[GridKind, ...] = Field(default=(GridKind.BASIC,), min_length=1)
    sub_grids: bool = False
    questions: tuple[str, ...] = Field(default=(), max_length=50, description="a visit counts when all were asked")
    position: Literal["required", "checked"] = "checked"

    @model_validator(mode="after")
    def _fits(self) -> Obligation:
        if self.windows and self.every != "day":
            raise ValueError(f"windows are of a day; every {self.every} has none")
        if self.days != "all" and self.every != "day":
            raise ValueError(f"days says on which days; every {self.every} runs over all of them")
        if self.questions and self.kind is not WorkKind.VISIT:
            raise ValueError(f"questions are asked on a visit, not on a {self.kind}")
        starts = [window.start for window in self.windows]
        if starts != sorted(set(starts)) or _overlapping(self.windows):
            raise ValueError("windows must be in order and may not overlap")
        return self

    def owed_in(self, grid: Grid) -> bool:
        """Say whether it is owed in a grid; nothing is in one that was re-cut into others."""
        return not grid.retired and grid.kind in self.grids and (self.sub_grids or grid.parent is None)


def _overlapping(windows: tuple[Period, ...]) -> bool:
    minutes = [minute for window in windows for minute in window.minutes()]
    return len(minutes) != len(set(minutes))


class Points(Section):
    """What each thing is worth to its worker (奖励机制).

    `report`: a case that the grid app reported and that was solved; `handled`: any case solved in the worker's grid.
    """

    report: int = Field(default=2, ge=0, le=1_000)
    handled: int = Field(default=1, ge=0, le=1_000)
    patrol: int = Field(default=1, ge=0, le=1_000)
    visit: int = Field(default=1, ge=0, le=1_000)
    duty: int = Field(default=1, ge=0, le=1_000)
    training: int = Field(default=0, ge=0, le=1_000)
    assessment: int = Field(default=0, ge=0, le=1_000, description="for one that was passed")


class GridWork(Section):
    """The recurring work of the district's grid workers.

    A round is judged `grace` after its end, for telephones are slow; what comes later still counts by when it happened.
    """

    obligations: tuple[Obligation, ...] = ()
    grace: Span = timedelta(minutes=30)
    geofence_m: float = Field(default=100, ge=0, le=20_000, description="how far outside its outline a grid still ends")
    points: Points = Points()

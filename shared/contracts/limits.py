"""Time limits as they travel on the bus and stand in a profile: an amount in one of six units, in stages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from shared.contracts.base import Contract


class LimitUnit(StrEnum):
    """Clock time runs always (紧急工作时, 紧急工作日), working time inside the working hours (工作时, 工作日)."""

    CLOCK_MINUTES = "clock_minutes"
    CLOCK_HOURS = "clock_hours"
    WORKING_MINUTES = "working_minutes"
    WORKING_HOURS = "working_hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


class Limit(Contract):
    """A positive amount of a unit; reads `"4 working_hours"` as well as an object."""

    amount: int = Field(gt=0, le=100_000)
    unit: LimitUnit

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        amount, _, unit = value.strip().partition(" ")
        return {"amount": amount, "unit": unit.strip()}

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


class Stage(Contract):
    """One step of a staged limit, e.g. stop 4 h, fine 7 d, demolish 20 d; the last stage ends the task."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    limit: Limit

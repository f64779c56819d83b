"""The whistle section of a profile (吹哨报到): who must be on scene, how soon, and how near."""

from __future__ import annotations

import math
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import Field, model_validator

from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import LimitUnit
from shared.district.base import DepartmentCode, Limit, Section, Severity, Span


class Quorum(Section):
    """How many required members make a team: a fraction of them (`"2/3"`, `"0.5"`, `"all"`) or a number (`"2"`)."""

    number: int | None = Field(default=None, ge=1)
    fraction: str | None = Field(default=None, pattern=r"^[0-9]+/[0-9]*[1-9][0-9]*$")

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, dict | Quorum):
            return value
        text = str(value).strip()
        if text.isdigit():
            return {"number": int(text)}
        try:
            part = Fraction("1" if text == "all" else text)
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"'{text}' is not a quorum; write a number, a fraction such as 2/3, or all") from None
        return {"fraction": f"{part.numerator}/{part.denominator}"}

    @model_validator(mode="after")
    def _one(self) -> Quorum:
        if (self.number is None) == (self.fraction is None):
            raise ValueError("a quorum is either a number or a fraction")
        if self.fraction and not 0 < Fraction(self.fraction) <= 1:
            raise ValueError("the fraction of a quorum lies above 0 and up to 1")
        return self

    def needed(self, required: int) -> int:
        """Return how many of `required` members must be on scene: at least one, never more than there are."""
        wanted = self.number if self.number is not None else math.ceil(Fraction(self.fraction or "1") * required)
        return max(1, min(wanted, required))


class Place(StrEnum):
    """Where a team musters when nobody names a place."""

    REPORT = "report"
    GRID = "grid"
    TOWNSHIP = "township"


class Whistle(Section):
    """The joint team (吹哨报到); `answer_within` and `muster_within` run from the summons.

    The geofence is around the place. A joint case of `joint_severity` or more serious is whistled at opening. A
    check-in counts from `check_in_before` the summons until `check_in_after` the muster time.
    """

    joint_severity: Severity = 4
    answer_within: Limit = _Limit(amount=10, unit=LimitUnit.CLOCK_MINUTES)
    muster_within: Limit = _Limit(amount=30, unit=LimitUnit.CLOCK_MINUTES)
    quorum: Quorum = Quorum(fraction="2/3")
    geofence_m: float = Field(default=300, gt=0, le=20_000)
    check_in_before: Span = timedelta(minutes=15)
    check_in_after: Span = timedelta(hours=2)
    max_rounds: int = Field(default=2, ge=1, le=10)
    place: Place = Place.REPORT
    optional_departments: tuple[DepartmentCode, ...] = ()

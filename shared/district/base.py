"""Scalars the whole profile is written in: codes, periods of the day, spans of time, working or clock limits.

Lives here: what every section uses. Must not live here: any section of a profile.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_serializer, model_validator

from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import Stage as _Stage

_MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"^(\d+)\s*(seconds?|minutes?|hours?|days?)$")
_PERIOD = re.compile(r"^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$")


class Section(BaseModel):
    """A part of a profile: frozen, and a field nobody knows is an error, not a typing mistake that passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _stated_fully(value: Any) -> Any:
    """Refuse unknown keys: contracts pass them over, a profile must not."""
    unknown = sorted(set(value) - {"amount", "unit"}) if isinstance(value, dict) else ()
    if unknown:
        raise ValueError(f"a limit has an amount and a unit, not {', '.join(unknown)}")
    return value


def _named_limit(value: Any) -> Any:
    """Read `"demolish=20 working_days"` as a stage."""
    if not isinstance(value, str):
        return value
    name, equals, limit = value.partition("=")
    if not equals:
        raise ValueError(f"'{value}' is not a stage; write name=limit, e.g. handle=4 working_hours")
    return {"name": name.strip(), "limit": limit.strip()}


Limit = Annotated[_Limit, BeforeValidator(_stated_fully)]
"""A time limit that a clock runs on: `"4 working_hours"` or `{amount, unit}`."""

Stage = Annotated[_Stage, BeforeValidator(_named_limit)]
"""One step of a staged limit: `"stop=4 working_hours"` or `{name, limit}`; counted from the start of handling."""


def _parse_span(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _SPAN.match(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is not a span of time; write e.g. '30 minutes', '12 hours' or '2 days'")
    return timedelta(**{match[2].rstrip("s") + "s": int(match[1])})


def format_span(span: timedelta) -> str:
    """Return the span in its largest whole unit, e.g. `90 minutes`."""
    seconds = int(span.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


Span = Annotated[
    timedelta,
    Field(ge=timedelta(0)),
    BeforeValidator(_parse_span),
    PlainSerializer(format_span, return_type=str, when_used="json"),
]
"""A plain length of real time, e.g. a window: `"30 minutes"`. What a clock runs on is a `Limit` instead."""


class Period(Section):
    """A part of the day in local time, in minutes from midnight, start included and end not: `"08:30-12:00"`.

    An end at or before the start runs over midnight: `"22:00-06:00"`; `"00:00-24:00"` is the whole day.
    """

    start: int = Field(ge=0, lt=_MINUTES_A_DAY)
    end: int = Field(gt=0, le=_MINUTES_A_DAY)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = _PERIOD.match(value.strip())
        if match is None or int(match[2]) > 59 or int(match[4]) > 59:  # noqa: PLR2004 - minutes of an hour
            raise ValueError(f"'{value}' is not a period of the day; write e.g. 08:30-12:00")
        end = int(match[3]) * 60 + int(match[4])
        return {"start": int(match[1]) * 60 + int(match[2]), "end": end or _MINUTES_A_DAY}

    @model_serializer
    def _text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    @property
    def wraps(self) -> bool:
        """Whether the period runs over midnight."""
        return self.end <= self.start

    def minutes(self) -> frozenset[int]:
        """Return every minute of the day that lies in the period."""
        length = (self.end - self.start) % _MINUTES_A_DAY or _MINUTES_A_DAY
        return frozenset((self.start + n) % _MINUTES_A_DAY for n in range(length))

    def contains(self, moment: time) -> bool:
        """Say whether the local time of day lies in the period."""
        minute = moment.hour * 60 + moment.minute
        if self.wraps:
            return minute >= self.start or minute < self.end
        return self.start <= minute < self.end


DEPARTMENT = r"^[a-z0-9-]{1,40}$"
DEPARTMENT_REF = r"^([a-z0-9-]{1,40}|@(township|community|police-station|centre))$"
TOWNSHIP = r"^[0-9]{9}$"
COMMUNITY = r"^[0-9]{12}$"
GRID = r"^[0-9]{12}[0-9A-Z]{3}$"
AREA = r"^[0-9]{6}([0-9]{3}([0-9]{3}([0-9A-Z]{3})?)?)?$"
CATEGORY = r"^([EP][0-9]{5}|D[0-9]{2}([0-9]{2})?|L[0-9A-Z-]{1,16})$"
GLOB = r"^[EPDL*?\[][0-9A-Z*?!\[\]-]*$"
CLASS = r"^([EPD]([0-9]{2})?|L([0-9A-Z]{2})?)$"
SLUG = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
DOTTED = r"^[a-z]+\.[a-z-]+$"

DepartmentCode = Annotated[str, Field(pattern=DEPARTMENT)]
"""Also the department's partner id and the last part of its inbound topic."""

DepartmentRef = Annotated[str, Field(pattern=DEPARTMENT_REF)]
"""A department by code, or by what it is to the place: `@township`, `@community`, `@police-station`, `@centre`."""

TownshipCode = Annotated[str, Field(pattern=TOWNSHIP)]
CommunityCode = Annotated[str, Field(pattern=COMMUNITY)]
GridCode = Annotated[str, Field(pattern=GRID)]
AreaCode = Annotated[str, Field(pattern=AREA)]
"""A district, township, community or grid."""

CategoryKey = Annotated[str, Field(pattern=CATEGORY)]
"""Kind and code: event `E06010`, component `P01023`, dispute `D0402`, local `L01001`."""

CategoryGlob = Annotated[str, Field(pattern=GLOB)]
"""A pattern over category keys, e.g. `E09*`."""

ClassKey = Annotated[str, Field(pattern=CLASS)]
"""A class of categories: the kind, or the kind and the two-digit major class (大类), e.g. `E06`."""

Slug = Annotated[str, Field(pattern=SLUG)]

DottedName = Annotated[str, Field(pattern=DOTTED)]
"""A command or event type without prefix and version, e.g. `case.verify`, `clock.breached`."""

Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO weekday: 1 is Monday, 7 is Sunday."""

Severity = Annotated[int, Field(ge=1, le=4)]
"""1 is critical, 4 is minor."""

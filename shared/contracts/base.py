"""The base of every message: frozen, additive, with instants at the precision the database keeps.

Lives here: the base classes and scalar types. Must not live here: any single message.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


def to_millisecond(instant: datetime) -> datetime:
    """Return the instant in UTC, cut to the millisecond: MongoDB keeps no more, and both sides must agree."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    finer = instant.microsecond % 1000
    return instant.replace(microsecond=instant.microsecond - finer) if finer else instant


@lru_cache(maxsize=1024)
def format_instant(instant: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds, e.g. `2026-07-01T00:30:00.000Z`; a batch says the same few again."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    AwareDatetime,
    AfterValidator(to_millisecond),
    PlainSerializer(format_instant, return_type=str, when_used="json"),
]
"""An instant with a zone, in UTC at millisecond precision; RFC 3339 on the wire."""

DistrictCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
"""Six digits of GB/T 2260, e.g. `620802` (崆峒区)."""

CaseId = Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]{6}-[a-z2-7]{8}$")]
"""One number for life (一案一码): district, date, eight base-32 characters."""

PartnerId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]


class Contract(BaseModel):
    """A value inside a message: frozen; unknown fields are passed over, for contracts only ever grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_enum_values=False)


class Event(Contract):
    """A fact on the bus about one case.

    `type` is the CloudEvents type, `topic` the suffix of the district topic it travels on. `occurred_at` is when it
    happened as far as the system believes; `recorded_at` when the emitting service decided it.
    """

    type: ClassVar[str] = ""
    topic: ClassVar[str] = ""

    district: DistrictCode
    case_id: CaseId
    occurred_at: Instant
    recorded_at: Instant

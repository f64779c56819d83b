"""What could not be applied, on `gw.<d>.dead-letters`: the record byte for byte and a sentence a human can act on."""

from __future__ import annotations

import base64
from typing import ClassVar

from pydantic import Field

from shared.contracts.base import Contract, DistrictCode, Instant


class RecordRejected(Contract):
    """Emitted by any service for a record it will never apply.

    `error` is a closed word (a metric label), `message` a sentence. The original value, key and headers are base 64,
    so that nothing is lost to an encoding; a null value (tombstone) stays null. A partner's record is sealed by intake:
    the header `gw_sealed` names the vault key that opens its value. It need not be about a case.
    """

    type: ClassVar[str] = "gridwhistle.record.rejected.v1"
    topic: ClassVar[str] = "dead-letters"

    district: DistrictCode
    recorded_at: Instant
    service: str
    error: str
    message: str
    state_met: str | None = Field(default=None, description="the state of case or task that the command met")
    origin_topic: str = Field(serialization_alias="topic", validation_alias="topic")
    partition: int
    offset: int
    key: str | None = Field(default=None, description="base 64")
    value: str | None = Field(default=None, description="base 64")
    headers: tuple[tuple[str, str | None], ...] = Field(default=(), description="name and base 64 value, in order")

    @property
    def original_value(self) -> bytes | None:
        """The rejected record's value as it came."""
        return None if self.value is None else base64.b64decode(self.value)

    @property
    def original_headers(self) -> list[tuple[str, bytes | None]]:
        """The rejected record's headers as they came."""
        return [(name, None if value is None else base64.b64decode(value)) for name, value in self.headers]


class RecordReplayed(Contract):
    """Emitted by `gridwhistle dead-letters replay` beside the letter: its original went back to its topic.

    `letter_id` is the CloudEvents id of the letter; `partition` and `offset` say where the original stands now.
    """

    type: ClassVar[str] = "gridwhistle.record.replayed.v1"
    topic: ClassVar[str] = "dead-letters"

    district: DistrictCode
    recorded_at: Instant
    letter_id: str
    origin_topic: str = Field(serialization_alias="topic", validation_alias="topic")
    partition: int
    offset: int

"""Dead letters that fit their topic, however large the record is that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Headers
from shared.decision import Poison
from shared.infra.engine.outbox import MAX_HEADERS
from shared.infra.kafka import DEAD_LETTER_BYTES

KEPT_BYTES = 4096
_ENVELOPE_BYTES = 64 * 1024
_ESCAPED = 6


@dataclass(frozen=True, slots=True)
class Cut:
    """A record of which only the beginning is kept."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def letter_bytes(record: Any) -> int:
    """Return how large a record's dead letter gets at most: base 64, the key a second time as the letter's own."""
    headers = sum(len(name.encode()) * _ESCAPED + len(value or b"") * 4 // 3 for name, value in record.headers)
    return _ENVELOPE_BYTES + headers + len(record.key or b"") * 7 // 3 + len(record.value or b"") * 4 // 3


def fitting(record: Any, poison: Poison) -> tuple[Any, Poison]:
    """Return the record as its dead letter can hold it, and the poison that says what was cut off.

    Compressed records may unpack to any size. A letter that the broker refuses would hold up its partition for ever.
    """
    if letter_bytes(record) <= DEAD_LETTER_BYTES:
        return record, poison
    short = Cut(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        _begin(record.key),
        _begin(record.value),
        [(name[:KEPT_BYTES], _begin(value)) for name, value in record.headers[: MAX_HEADERS // 10]],
    )
    message = (
        f"{poison.message} Too large to be kept whole: of key, value and headers {KEPT_BYTES} bytes each are here."
    )
    return short, Poison(poison.error, message, poison.state_met)


def _begin(value: bytes | None) -> bytes | None:
    return None if value is None else value[:KEPT_BYTES]

"""Writing: events into the records that are stored beside the state and then published; dead letters too."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.base import Event, format_instant
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.ids import event_id
from shared.contracts.topics import UNLOCATED, parse_topic, topic_name
from shared.decision import Poison
from shared.infra.clock import Clock
from shared.infra.engine.inbox import Input, Record

MAX_HEADERS = 100
"""A dead letter carries at most so many of the original headers, so that it fits its own topic."""

MAX_MESSAGE = 4_000
"""Characters of a dead letter's sentence. It may name what a partner wrote (a header's name of 300 KB, once), and a
letter that the broker refuses holds up its partition for ever."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]

    def to_document(self) -> bytes:
        """Return it as it is kept in an outbox: its parts behind their lengths, for a record has twenty of them."""
        parts = [self.topic.encode(), self.key, self.value]
        for name, value in self.headers:
            parts += (name.encode(), value)
        return struct.pack(f">{len(parts) + 1}I", len(parts), *map(len, parts)) + b"".join(parts)

    @classmethod
    def from_document(cls, kept: bytes | Mapping[str, Any]) -> Outgoing:
        """Read it from an outbox; a mapping is how it was kept before."""
        if isinstance(kept, Mapping):
            headers = [(name, bytes(value)) for name, value in kept["h"]]
            return cls(kept["t"], bytes(kept["k"]), bytes(kept["d"]), headers)
        topic, key, value, *rest = _parts(bytes(kept))
        headers = [(name.decode(), given) for name, given in zip(rest[::2], rest[1::2], strict=True)]
        return cls(topic.decode(), key, value, headers)


def _parts(packed: bytes) -> Iterator[bytes]:
    (count,) = struct.unpack_from(">I", packed)
    begin = 4 * (count + 1)
    for length in struct.unpack_from(f">{count}I", packed, 4):
        yield packed[begin : begin + length]
        begin += length


def outgoing_events(service: str, source: Input, events: Sequence[Event]) -> list[Outgoing]:
    """Return the records of the events that one input caused; their ids depend on the service and the input alone."""
    return [_outgoing(service, source, event, ordinal) for ordinal, event in enumerate(events)]


def _outgoing(service: str, source: Input, event: Event, ordinal: int) -> Outgoing:
    envelope = Envelope(
        id=event_id(f"{service}/{source.cause}", ordinal),
        source=f"/gridwhistle/{event.district}/{service}",
        type=event.type,
        time=format_instant(event.occurred_at),
        subject=event.case_id,
        correlationid=event.case_id,
        causationid=source.cause,
        traceparent=source.traceparent,
    )
    value = event.model_dump_json(exclude_none=True).encode()
    return Outgoing(topic_name(event.district, event.topic), event.case_id.encode(), value, to_headers(envelope))


def received_at(clock: Clock, record: Record) -> datetime:
    """Return the domain time of a record's timestamp, the same however often it is delivered; without one, now."""
    try:
        return clock.at(record.timestamp) if record.timestamp > 0 else clock.now()
    except (OverflowError, OSError, ValueError):
        return clock.now()


def dead_letter(service: str, record: Record, poison: Poison, at: datetime) -> Outgoing:
    """Return the dead letter of a record: the original byte for byte, and why.

    `at` must follow from the record: refused again after a crash, it has the same id, and must have the same content.
    """
    district = _district(record.topic)
    cause = place_of(record)
    letter = RecordRejected(
        district=district,
        recorded_at=at,
        service=service,
        error=poison.error,
        message=poison.message[:MAX_MESSAGE],
        state_met=poison.state_met,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=_base64(record.key),
        value=_base64(record.value),
        headers=tuple((name, _base64(value)) for name, value in record.headers[:MAX_HEADERS]),
    )
    envelope = Envelope(
        id=event_id(f"{service}/{cause}", 0),
        source=f"/gridwhistle/{district}/{service}",
        type=letter.type,
        time=format_instant(at),
        causationid=cause,
    )
    value = letter.model_dump_json(exclude_none=True, by_alias=True).encode()
    return Outgoing(topic_name(district, letter.topic), record.key or b"", value, to_headers(envelope))


def place_of(record: Record) -> str:
    """Return what names one record for good: its place, and its time, for a topic made again starts at offset 0."""
    return f"{record.topic}/{record.partition}/{record.offset}@{record.timestamp}"


def _district(topic: str) -> str:
    try:
        return parse_topic(topic).district
    except ValueError:
        return UNLOCATED


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()

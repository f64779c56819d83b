"""Reading: one Kafka record into one input of the engine, each on its own, so that a bad one harms no other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID

from pydantic import ValidationError

from shared.contracts.envelope import EnvelopeError, Headers, from_headers
from shared.contracts.ids import uuid5_bytes
from shared.contracts.registry import UnknownTypeError, decode, event_types
from shared.decision import Poison


class Record(Protocol):
    """The part of aiokafka's ConsumerRecord that we use."""

    @property
    def topic(self) -> str:
        """The topic it was read from."""

    @property
    def partition(self) -> int:
        """Its partition."""

    @property
    def offset(self) -> int:
        """Its offset."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, given by the producer or the broker."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value; none is a tombstone."""

    @property
    def headers(self) -> Headers:
        """Its headers in order."""


_UUID_CHARACTERS = 36

REPLAY_HEADER = "gw_replay"
"""Stands on a record that an operator sent once more: it was refused before, and is to be judged anew."""

MAX_LETTER_ID = 36
"""A letter's id is a UUID. Anybody can write the header, and what it says travels on in the events it causes."""


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to apply to one aggregate.

    `cause` names it for good. What comes from no record (a tick, the outcome of a delivery) has none: the aggregate's
    id and version name it then, for the version guard lets only one such decision through.
    """

    aggregate: str
    cause: str
    event: Any
    record: Record | None = None
    traceparent: str | None = None

    @property
    def mark(self) -> bytes:
        """Return the 16 bytes by which the aggregate remembers having applied it."""
        return as_mark(self.cause)

    @property
    def refusal(self) -> bytes:
        """Return the 16 bytes by which the aggregate remembers having refused it; a replay has its own."""
        record = self.record
        if record is None or replayed_letter(record) is None:
            return self.mark
        return as_mark(f"{record.topic}/{record.partition}/{record.offset}@{record.timestamp}")


def replayed_letter(record: Record) -> str | None:
    """Return the id of the dead letter that an operator replayed with this record, the first if it had several."""
    told = next((value or b"" for name, value in record.headers if name == REPLAY_HEADER), None)
    return None if told is None else told[:MAX_LETTER_ID].decode(errors="replace")


def as_mark(cause: str) -> bytes:
    """Return 16 bytes for a cause: a UUID's own, else a name-based UUID's."""
    if len(cause) == _UUID_CHARACTERS and cause[8] == "-":
        with suppress(ValueError):
            return bytes.fromhex(cause.replace("-", ""))
    try:
        return UUID(cause).bytes
    except ValueError:
        return uuid5_bytes(NAMESPACE_URL.bytes, cause)


def is_for_others(record: Record, heeded: frozenset[str]) -> bool:
    """Say whether the record is of a type that is known and not heeded; one that cannot be told is not passed over."""
    told = next((value for name, value in record.headers if name == "ce_type"), None)
    event_type = told.decode(errors="replace") if told is not None else ""
    return event_type not in heeded and event_type in event_types()


def read_input(record: Record) -> Input:
    """Decode an internal record.

    Raises:
        Poison: `bad-envelope`, `unknown-type` or `invalid-event`, with a sentence.
    """
    if record.value is None:
        raise Poison("empty-record", "The record has no value (a tombstone), and this topic knows none.")
    try:
        envelope = from_headers(record.headers)
        event = decode(envelope.type, record.value)
    except EnvelopeError as error:
        raise Poison("bad-envelope", f"The record is no CloudEvent: {error}.") from error
    except UnknownTypeError as error:
        raise Poison("unknown-type", f"The {error}; a newer version may read it after a replay.") from error
    except ValidationError as error:
        raise Poison("invalid-event", describe(error)) from error
    return Input(event.case_id, envelope.id, event, record, envelope.traceparent)


def describe(error: ValidationError) -> str:
    """Return one sentence a field of what is wrong, without the offending values (they may be personal data)."""
    details: list[Any] = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{'.'.join(str(part) for part in detail['loc']) or 'record'}: {detail['msg']}" for detail in details]
    return "; ".join(lines[:20])

"""Following what the system says: every record of some topics from the first on, decoded, each (source, id) once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.contracts.base import Event
from shared.contracts.dead_letters import RecordRejected, RecordReplayed
from shared.contracts.envelope import Envelope, from_headers
from shared.contracts.registry import decode

POLL_MS = 100
"""A poll that finds nothing ends after so long, so that a follower can look at the time in between."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One record of the system: an event about a case, or a dead letter. `appended` is real time, ms since 1970."""

    said: Event | RecordRejected
    envelope: Envelope
    appended: int


class Follower:
    """A reader without a group: it takes every partition of its topics, from the beginning, and commits nothing."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._seen: set[tuple[str, bytes]] = set()
        self._consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            client_id="gw-follower",
            group_id=None,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=2 * 1024 * 1024,
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        await self._consumer.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Close."""
        await self._consumer.stop()

    async def poll(self, max_records: int = 2_000, timeout_ms: int = POLL_MS) -> list[Heard]:
        """Return what has been said since, nothing when nothing came in time."""
        found = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
        heard = (self._read(record) for records in found.values() for record in records)
        return [one for one in heard if one is not None]

    async def stream(self) -> AsyncIterator[list[Heard]]:
        """Yield what is said, in portions that may be empty, for as long as somebody listens."""
        while True:
            yield await self.poll()

    def _read(self, record: ConsumerRecord) -> Heard | None:
        """Decode a record, or return None for one that was published twice, or that says a letter was replayed."""
        envelope = from_headers(record.headers)
        mark = (envelope.source, UUID(envelope.id).bytes)
        if mark in self._seen or envelope.type == RecordReplayed.type:
            return None
        self._seen.add(mark)
        value = record.value or b""
        if envelope.type == RecordRejected.type:
            return Heard(RecordRejected.model_validate_json(value), envelope, record.timestamp)
        return Heard(decode(envelope.type, value), envelope, record.timestamp)

"""A partner's and a reader's hands on the real bus, for tests: create topics, send records, read until it is enough."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from shared.contracts.base import Event, format_instant
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.topics import topic_name
from shared.infra.clock import monotonic

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(slots=True)
class Bus:
    """An open producer and what is needed to read."""

    bootstrap: str
    producer: AIOKafkaProducer
    sent: int = field(default=0)

    async def create(self, *names: str, partitions: int = 3) -> None:
        """Create topics that are not there yet."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            for name in names:
                try:
                    await admin.create_topics([NewTopic(name, partitions, 1)])
                except TopicAlreadyExistsError:
                    continue
        finally:
            await admin.close()

    async def send(
        self, topic: str, value: bytes | None, key: str | None = None, headers: Headers = ()
    ) -> tuple[int, int]:
        """Send one raw record; return its partition and offset."""
        sent = await self.producer.send_and_wait(topic, value, key.encode() if key else None, headers=list(headers))
        return sent.partition, sent.offset

    async def emit(self, event: Event, id_: str, topic: str | None = None) -> None:
        """Send one event as the system itself would."""
        envelope = Envelope(id_, "/test", event.type, format_instant(event.occurred_at), event.case_id, event.case_id)
        value = event.model_dump_json(exclude_none=True).encode()
        name = topic or topic_name(event.district, event.topic)
        await self.producer.send_and_wait(name, value, event.case_id.encode(), headers=to_headers(envelope))

    async def read(
        self, topics: Sequence[str], enough: Callable[[list[ConsumerRecord]], bool], seconds: float = 60
    ) -> list[ConsumerRecord]:
        """Read the topics from their beginning until it is enough.

        Raises:
            TimeoutError: it was not enough in time; the message says how much there was.
        """
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        records: list[ConsumerRecord] = []
        try:
            consumer.assign(await _partitions(consumer, topics))
            deadline = monotonic() + seconds
            while not enough(records):
                if monotonic() > deadline:
                    raise TimeoutError(f"{len(records)} records of {', '.join(topics)} after {seconds:.0f} s")
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += batch
        finally:
            await consumer.stop()
        return records


async def _partitions(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    found: list[TopicPartition] = []
    for topic in topics:
        while not (partitions := consumer.partitions_for_topic(topic)):
            consumer._client.add_topic(topic)
            await consumer._client.force_metadata_update()
            await asyncio.sleep(0.05)
        found += [TopicPartition(topic, partition) for partition in partitions]
    return found


@asynccontextmanager
async def open_bus(bootstrap: str) -> AsyncIterator[Bus]:
    """Open a bus for the length of a test."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=2, max_request_size=2 * 1024 * 1024)
    await producer.start()
    try:
        yield Bus(bootstrap, producer)
    finally:
        await producer.stop()


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def data(record: ConsumerRecord) -> dict[str, Any]:
    """Return a record's JSON value."""
    value: dict[str, Any] = json.loads(record.value)
    return value


def header(record: ConsumerRecord, name: str) -> str:
    """Return a header as text, empty when it is not there."""
    return next((value.decode() for key, value in record.headers if key == name), "")


async def until(condition: Callable[[], Any], seconds: float = 30, what: str = "the condition") -> Any:
    """Wait until a condition (a coroutine function or a plain one) holds; return what it gave.

    Raises:
        TimeoutError: it did not hold in time.
    """
    deadline = monotonic() + seconds
    while True:
        held = condition()
        if asyncio.iscoroutine(held):
            held = await held
        if held:
            return held
        if monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        await asyncio.sleep(0.05)

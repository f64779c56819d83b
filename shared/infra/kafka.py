"""Kafka as the services use it: one keyed producer, batch subscriptions of raw records, lag."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError, KafkaTimeoutError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import AckStatus

from shared.decision import Transient
from shared.infra.assignor import NarrowestFirst
from shared.infra.connections import kafka_options, kafka_security
from shared.infra.engine.outbox import Outgoing
from shared.infra.offsets import CommitsBeforehand, Offsets
from shared.infra.records import tolerate_any_header_name
from shared.infra.sequence import Line
from shared.infra.settings import ServiceSettings

MAX_RECORDS = 500
"""Records of one batch: large enough that a bulk write pays, small enough to end far inside `max_poll_interval`."""

MAX_RECORD_BYTES = 1024 * 1024
DEAD_LETTER_BYTES = 2 * MAX_RECORD_BYTES
"""A dead letter holds the original in base 64, so its topic and our producer take more than a partner may send."""

FETCH_BYTES = 4 * MAX_RECORD_BYTES
"""What a fetch may bring in all: some batches. The library's 50 MiB stood in memory twice while a backlog was read."""

POLL_MS = 500
"""How long to wait for records before asking again; whatever comes meanwhile comes at once."""

METADATA_AGE_MS = 5_000
"""A new district's topics are seen in seconds; the library's default is five minutes."""

SESSION_TIMEOUT_MS = 10_000

PUBLISH_SECONDS = 25.0
"""How long the broker may take for the records of one batch. An idempotent producer never gives up by itself: without a
bound a handler waited past `max_poll_interval`, silently."""

PING_SECONDS = 1.5
BATCH_SECONDS = 10.0
"""How long an ending process waits for the batch it works on; one that waits for a database may wait much longer."""

STOP_SECONDS = 10.0
"""How long a producer may take to send what is left. Without a broker an idempotent one never ends, and the process
lived on after SIGTERM until it was killed. What is lost is in an outbox, or is delivered again."""

BatchHandler = Callable[[Sequence[Any]], Awaitable[None]]


@dataclass(slots=True)
class KafkaPublisher:
    """Publishes keyed records over one producer and waits for the broker's acknowledgements (acks=all).

    A producer that the broker has refused something for good is replaced: after one refused batch aiokafka 0.14.0 goes
    on with a gap in its sequence, and the broker refuses everything else for that partition until there is a new one.
    """

    settings: ServiceSettings
    _line: Line | None = None
    _replacing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the broker is away; call again later.
        """
        self._line = Line(await _started(self.settings))

    async def stop(self) -> None:
        """Send what is left, if the broker takes it in time, and disconnect."""
        line, self._line = self._line, None
        if line is not None:
            await _stop(line.producer)

    async def reaches_broker(self) -> bool:
        """Say whether any broker can be reached just now."""
        line = self._line
        try:
            async with asyncio.timeout(PING_SECONDS):
                return line is not None and await _any_ready(line.producer.client)
        except TimeoutError:
            return False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send the records, in order per key, and wait for all of them.

        Raises:
            Transient: the broker did not take them; nothing says which, so all are sent again later.
        """
        line = self._line
        if line is None:
            raise Transient("the broker is not connected yet")
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await line.send(records)
        except (KafkaError, OSError) as error:
            if _is_final(error):
                await self._replace(line)
            raise Transient(f"the broker did not take {len(records)} records: {error!r}") from error

    async def _replace(self, line: Line) -> None:
        """Put a new producer in the place of one, unless somebody has done so already."""
        async with self._replacing:
            if self._line is line:
                with suppress(KafkaError, OSError):
                    self._line = Line(await _started(self.settings))
                    await _stop(line.producer)


async def _any_ready(client: Any) -> bool:
    for broker in client.cluster.brokers():
        if await client.ready(broker.nodeId):
            return True
    return False


def _is_final(error: Exception) -> bool:
    """Say whether the producer itself may be of no more use."""
    return isinstance(error, KafkaError) and not error.retriable and not isinstance(error, KafkaTimeoutError)


async def _started(settings: ServiceSettings) -> AIOKafkaProducer:
    producer = _make_producer(settings)
    try:
        await producer.start()
    except BaseException:
        await _stop(producer)
        raise
    return producer


async def _stop(producer: AIOKafkaProducer) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()


def _make_producer(settings: ServiceSettings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        client_id=f"gw-{settings.worker}",
        acks="all",
        enable_idempotence=settings.kafka_idempotent,
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=DEAD_LETTER_BYTES,
        compression_type=settings.kafka_compression,
        request_timeout_ms=15_000,
        metadata_max_age_ms=METADATA_AGE_MS,
        **kafka_options(settings),
    )


def make_broker(settings: ServiceSettings, middlewares: Sequence[Any] = ()) -> KafkaBroker:
    """Return the FastStream broker, not yet started; it consumes, and never publishes."""
    return KafkaBroker(
        settings.kafka_bootstrap,
        client_id=f"gw-{settings.worker}",
        metadata_max_age_ms=METADATA_AGE_MS,
        allow_auto_create_topics=False,
        middlewares=middlewares,
        apply_types=False,
        logger=None,
        graceful_timeout=BATCH_SECONDS,
        security=kafka_security(settings),
    )


class HandledMessage(KafkaAckableMessage):
    """A batch whose acknowledgement is noted and committed with others."""

    def __init__(self, *args: Any, offsets: Offsets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offsets = offsets

    async def ack(self) -> None:
        """Note that the batch was handled."""
        if not self.committed:
            await self._offsets.handled(self.consumer, self.raw_message)
            self.committed = AckStatus.ACKED


def subscribe(broker: KafkaBroker, group: str, pattern: str, handler: BatchHandler, offsets: Offsets) -> Any:
    """Subscribe a handler to every topic of a pattern, in raw batches, committed only after the handler returned.

    Any exception of the handler rewinds the whole batch; the engine makes that harmless. Somebody has to call
    `offsets.commit` every moment.
    """
    tolerate_any_header_name()
    subscriber: Any = broker.subscriber(
        pattern=pattern,
        group_id=group,
        batch=True,
        max_records=MAX_RECORDS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        session_timeout_ms=SESSION_TIMEOUT_MS,
        max_partition_fetch_bytes=DEAD_LETTER_BYTES,
        fetch_max_bytes=FETCH_BYTES,
        no_reply=True,
        listener=CommitsBeforehand(offsets),
        partition_assignment_strategy=(NarrowestFirst,),
    )

    async def parse(records: tuple[ConsumerRecord, ...]) -> KafkaAckableMessage:
        # FastStream's own parser decodes every header and fails on one that is null or not UTF-8.
        return HandledMessage(
            body=[record.value or b"" for record in records],
            headers={},
            raw_message=records,
            message_id=f"{records[0].topic}/{records[0].partition}/{records[0].offset}",
            consumer=subscriber.consumer,
            offsets=offsets,
        )

    async def decode(message: KafkaAckableMessage) -> Any:
        return message.raw_message

    async def on_batch(records: Any) -> None:
        await handler(records)

    async def next_batch(consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        # FastStream's own sleeps as long again when nothing came, and hears nothing meanwhile.
        found = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        return tuple(chain.from_iterable(found.values()))

    subscriber.get_msg = next_batch
    subscriber(on_batch, parser=parse, decoder=decode)
    return subscriber


def has_its_share(consumer: AIOKafkaConsumer) -> bool:
    """Say whether a group has given the consumer its partitions, some or none, of topics that are there."""
    state = consumer._subscription  # noqa: SLF001 - the public assignment is empty before as well as after
    subscription = state.subscription
    assignment = None if subscription is None else subscription.assignment
    given = assignment is not None and assignment.active and not state.reassignment_in_progress
    return bool(given and subscription.topics)


def consumer_lag(consumer: AIOKafkaConsumer) -> dict[str, int]:
    """Return, per assigned topic, how many records wait: high-water mark minus position, as last fetched."""
    lag: dict[str, int] = {}
    for partition in consumer.assignment():
        highwater = consumer.highwater(partition)
        state = consumer._subscription.subscription.assignment.state_value(partition)  # noqa: SLF001 - no public, non-waiting position
        if highwater is not None and state is not None and state.has_valid_position:
            lag[partition.topic] = lag.get(partition.topic, 0) + max(0, highwater - state.position)
    return lag

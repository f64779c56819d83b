"""Connections to the broker for the length of one command; a broker that is away is one sentence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError

from deploy.cli._console import fail
from shared.infra.kafka import DEAD_LETTER_BYTES

CLIENT = "gridwhistle-cli"
START_SECONDS = 10.0
REQUEST_MS = 15_000


@contextmanager
def broker_away(bootstrap: str) -> Iterator[None]:
    """Turn the client's ways of saying "away", and what the broker refuses, into one sentence and exit status 1."""
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        fail(
            f"The broker at {bootstrap} does not answer ({reason}).\n"
            "Is it running (gridwhistle up), and is the address right (--bootstrap, GW_KAFKA_BOOTSTRAP)?"
        )
    except KafkaError as error:
        fail(f"The broker at {bootstrap} refused: {error}")


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give an administrator's connection."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=CLIENT, request_timeout_ms=REQUEST_MS)
    async with _connection(bootstrap, client.start, client.close):
        yield client


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer whose sends return when all copies have the record."""
    client = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=CLIENT,
        acks="all",
        linger_ms=2,
        max_request_size=DEAD_LETTER_BYTES,
        request_timeout_ms=REQUEST_MS,
    )
    async with _connection(bootstrap, client.start, client.stop):
        yield client


@asynccontextmanager
async def consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that belongs to no group and commits nothing; the command assigns its partitions."""
    client = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=CLIENT,
        group_id=None,
        enable_auto_commit=False,
        max_partition_fetch_bytes=DEAD_LETTER_BYTES,
        metadata_max_age_ms=5_000,
        request_timeout_ms=REQUEST_MS,
    )
    async with _connection(bootstrap, client.start, client.stop):
        yield client


@asynccontextmanager
async def _connection(
    bootstrap: str, start: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    with broker_away(bootstrap):
        try:
            async with asyncio.timeout(START_SECONDS):
                await start()
            yield
        finally:
            await end()


async def topic_partitions(bootstrap: str) -> dict[str, int]:
    """Return every topic of the broker with its number of partitions."""
    async with admin(bootstrap) as client:
        # All of them: asked for one by name that is not there, Tansu would create it.
        return {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}

"""Connections to the broker for the length of one command, and its settings; what is wrong is one sentence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError

from deploy.cli._console import fail
from deploy.kafka.access import Access, AccessRefusedError
from shared.infra.clock import Clock
from shared.infra.connections import ConnectionSettings, kafka_options
from shared.infra.kafka import DEAD_LETTER_BYTES
from shared.infra.settings import ServiceSettings
from shared.infra.wiring import wrong_settings_in_words

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
            f"Is it running (gridwhistle up), and is the address right (--bootstrap, GW_KAFKA_BOOTSTRAP)?{_who()}"
        )
    except KafkaError as error:
        fail(f"The broker at {bootstrap} refused: {error}")


def settings() -> ConnectionSettings:
    """Return who we are to broker and database, as the environment says; what is wrong with it ends the command."""
    with wrong_settings_in_words():
        return ConnectionSettings()


def clock() -> Clock:
    """Return the clock that the services go by, virtual in a demo or replay; a wrong setting ends the command."""
    with wrong_settings_in_words():
        return ServiceSettings().clock()


def options() -> dict[str, Any]:
    """Return the same for a client of aiokafka."""
    with wrong_settings_in_words():
        return kafka_options(settings())


def _who() -> str:
    """Say as whom we came: a broker that does not know us closes the door without a word."""
    user = settings().kafka_username
    if user:
        return f"\nWe came as {user}: are password and authority right (GW_KAFKA_PASSWORD_FILE, GW_KAFKA_CA_FILE)?"
    return "\nA secured broker wants to know who you are: GW_KAFKA_USERNAME, GW_KAFKA_PASSWORD_FILE, GW_KAFKA_CA_FILE."


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give an administrator's connection."""
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, client_id=CLIENT, request_timeout_ms=REQUEST_MS, **options()
    )
    async with _connection(bootstrap, client.start, client.close):
        yield client


@asynccontextmanager
async def access(bootstrap: str) -> AsyncIterator[Access]:
    """Give a connection for access lists and users; what the broker refuses ends the command."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id=CLIENT, request_timeout_ms=REQUEST_MS, **options())
    async with _connection(bootstrap, client.bootstrap, client.close):
        try:
            yield Access(client)
        except AccessRefusedError as error:
            fail(str(error))


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
        **options(),
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
        **options(),
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

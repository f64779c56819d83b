"""MongoDB behind one thin module, so that the driver is one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from shared.decision import Transient

AWAY = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)


def connect(url: str, *, socket_seconds: float = 20) -> AsyncIOMotorClient[dict[str, Any]]:
    """Return a client with bounded waits: a handler must end well before the broker takes its partitions away."""
    return AsyncIOMotorClient(
        url,
        tz_aware=True,
        serverSelectionTimeoutMS=3_000,
        connectTimeoutMS=3_000,
        socketTimeoutMS=int(socket_seconds * 1000),
        w="majority",
        retryWrites=True,
    )


async def database_time(client: Any) -> datetime:
    """Return what time it is by the database's clock, UTC.

    The driver gives the answer to a command without its zone, and what has none is read as this machine's local time.

    Raises:
        pymongo.errors.PyMongoError: the database does not answer.
    """
    told: datetime = (await client.admin.command("hello"))["localTime"]
    return told.replace(tzinfo=UTC)


async def database_ahead(client: Any, now: Callable[[], datetime]) -> timedelta:
    """Return how far the database's clock is ahead of ours, as exactly as the question was short.

    Raises:
        pymongo.errors.PyMongoError: the database does not answer.
    """
    before = now()
    told = await database_time(client)
    after = now()
    return timedelta(0) if before <= told <= after else told - (before + (after - before) / 2)


@contextmanager
def as_transient() -> Iterator[None]:
    """Turn the driver's ways of saying "away" into `Transient`."""
    try:
        yield
    except AWAY as error:
        raise Transient(f"the database is away: {type(error).__name__}") from error


@contextmanager
def connected(url: str) -> Iterator[AsyncIOMotorClient[dict[str, Any]]]:
    """Give a client for one piece of work and let go of it afterwards: for commands; a service keeps its own.

    Raises:
        Transient: the database is away.
    """
    client = connect(url)
    try:
        with as_transient():
            yield client
    finally:
        client.close()

"""Hands on a secured stack: being somebody, and trying what that somebody may or may not do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from deploy.local import LocalStack
from deploy.local.machine import HOST
from deploy.local.secured.identity import identity
from tests.support.cli import Cli

REFUSED = (TopicAuthorizationFailedError, UnknownTopicOrPartitionError, GroupAuthorizationFailedError)
"""What a client of aiokafka raises; a topic that one may not even know of is an unknown one."""


def cli_as(stack: LocalStack, principal: str) -> Cli:
    """Return the command line of somebody."""
    return Cli(stack.bootstrap, identity(stack.config, principal))


@asynccontextmanager
async def producer(stack: LocalStack, principal: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Give somebody's producer; `options` replace how it proves who it is."""
    how = stack.kafka_options(principal) | options
    client = AIOKafkaProducer(bootstrap_servers=stack.bootstrap, acks="all", **how)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def writable(stack: LocalStack, principal: str, topics: Iterable[str]) -> set[str]:
    """Return to which of the topics somebody can write, by writing."""
    found = set()
    async with producer(stack, principal) as client:
        for topic in topics:
            try:
                await client.send_and_wait(topic, b"{}", partition=0)
            except REFUSED:
                continue
            found.add(topic)
    return found


async def can_read(stack: LocalStack, principal: str, topic: str, group: str | None = None) -> bool:
    """Say whether somebody gets a record of a topic that has some."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=stack.bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **stack.kafka_options(principal),
    )
    try:
        await consumer.start()
        await consumer.getone()
    except REFUSED:
        return False
    finally:
        await consumer.stop()
    return True


async def connect(stack: LocalStack, port: int | None = None, **options: Any) -> None:
    """Open one connection and ask something on it."""
    connection = await create_conn(HOST, port or stack.config.ports.kafka, request_timeout_ms=5_000, **options)
    connection.close()

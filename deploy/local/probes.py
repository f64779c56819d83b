"""How to know that a component is well: each asks it a real question and answers yes or no, never raises."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from deploy.local.machine import HOST

Probe = Callable[[], Awaitable[bool]]
ANSWER_SECONDS = 2.0

# The client shouts about every refused connection; being refused is what a probe waits through.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


async def port_answers(port: int) -> bool:
    """Return whether something accepts connections there."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def http(url: str) -> Probe:
    """Return a probe that wants a 200 from `url`."""

    async def probe() -> bool:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    return probe


def kafka(port: int, options: Mapping[str, Any]) -> Probe:
    """Return a probe that wants the metadata of a cluster with at least one broker in it.

    `options` say who asks, to a broker that wants to know.
    """

    async def probe() -> bool:
        if not await port_answers(port):
            return False
        client = AIOKafkaClient(
            bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=int(ANSWER_SECONDS * 1000), **options
        )
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()

    return probe


async def topics(bootstrap: str, options: Mapping[str, Any] = MappingProxyType({})) -> tuple[str, ...]:
    """Return the topics the broker has, without its internal ones."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, **options)
    try:
        await client.bootstrap()
        metadata = await client.fetch_all_metadata()
    except (KafkaError, OSError):
        return ()
    finally:
        await client.close()
    return tuple(sorted(name for name in metadata.topics() if not name.startswith("__")))

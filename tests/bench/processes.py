"""The processes of the bench: the four services as they are, the four that are recorded, the naive four."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local import LocalStack, probes
from deploy.local.component import Component, Program, together
from deploy.local.config import FLOW
from deploy.local.machine import HOST
from shared.contracts.topics import Topic, inbound_name, topic_name
from tests.bench.load import DISTRICTS, PARTNERS

READS: Mapping[str, tuple[str, ...]] = {
    "intake": (),
    "router": (Topic.INCIDENTS, Topic.COMMANDS, Topic.ESCALATIONS),
    "escalation": (Topic.CASES, Topic.COMMANDS),
    "notifier": (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.COMMANDS),
}
"""Topics each service reads, of every district; intake those of the partners."""


def topics_of(service: str) -> list[str]:
    """Return the topics a service reads under the load."""
    if service == "intake":
        return [inbound_name(code, partner) for code in DISTRICTS for partner in PARTNERS]
    return [topic_name(code, suffix) for code in DISTRICTS for suffix in READS[service]]


@asynccontextmanager
async def running(components: Mapping[str, Component]) -> AsyncIterator[dict[str, int]]:
    """Run some processes; give their process ids."""
    try:
        await together(*(one.start() for one in components.values()))
        yield {name: one.pid or 0 for name, one in components.items()}
    finally:
        await asyncio.gather(*(one.stop() for one in components.values()))


def services(stack: LocalStack, recorded_in: Path | None = None) -> dict[str, Component]:
    """Return the four services, recorded in a folder if one is given."""
    made = {}
    for name in FLOW:
        port = stack.config.ports.service(name)
        argv: tuple[str, ...] = ("-m", f"services.{name}.main")
        if recorded_in is not None:
            argv = ("-m", "tests.bench.recorded", name, str(recorded_in / f"{name}.steps"))
        env = {**stack.env, "GW_HTTP_PORT": str(port)}
        made[name] = _component(stack, name, argv, probes.http(f"http://{HOST}:{port}/readyz"), env, port)
    return made


def naive(stack: LocalStack) -> dict[str, Component]:
    """Return the naive four."""
    made = {}
    for name in FLOW:
        log = stack.config.logs / f"naive-{name}.log"
        argv = ("-m", "tests.bench.naive", name, *topics_of(name))
        made[name] = _component(stack, f"naive-{name}", argv, _says_ready(log), stack.env, 0)
    return made


def _component(
    stack: LocalStack,
    name: str,
    argv: Sequence[str],
    probe: Callable[[], Awaitable[bool]],
    env: Mapping[str, str],
    port: int,
) -> Component:
    log = stack.config.logs / f"{name}.log"
    return Component(Program(name, (sys.executable, *argv), log, probe, port, env=env), stack.config.run)


def _says_ready(log: Path) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return await asyncio.to_thread(lambda: log.exists() and "ready" in log.read_text(errors="replace"))

    return probe


async def start_at_the_end(bootstrap: str, group: str, topics: Sequence[str]) -> None:
    """Commit the ends of topics for a group, so that it reads what comes from now on."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(topic, n) for topic in topics for n in await _partitions(consumer, topic)]
        ends = await consumer.end_offsets(parts)
        consumer.assign(parts)
        await consumer.commit(ends)
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()
    return consumer.partitions_for_topic(topic) or set()

"""Running the floor: topics and collections like the services' own, four bare processes, the same reports sent in."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local import LocalStack
from deploy.local.config import FLOW, ROOT
from deploy.partner.messages import Inbound
from deploy.partner.publisher import Publisher
from shared.contracts.topics import Topic, topic_name
from shared.infra.clock import monotonic
from tests.bench.floor import PREFIX, floor_topic, steps
from tests.bench.load import DISTRICTS
from tests.bench.meter import STALLED_SECONDS
from tests.bench.processes import topics_of


@dataclass(frozen=True, slots=True)
class FloorRun:
    """Reports a second of the floor, and µs of processor time a report in each of its processes."""

    reports_per_second: float
    cpu_us: dict[str, float]


async def run_floor(stack: LocalStack, reports: Sequence[Inbound], recorded: Path, *, database: bool) -> FloorRun:
    """Run it once over what was recorded of the same number of reports."""
    await _make_topics(stack.bootstrap)
    if database:
        await _make_collections(stack.mongo_url)
    came = _records(recorded, reports)
    processes = [await _start(stack, name, came[name], recorded, database=database) for name in FLOW]
    try:
        await asyncio.gather(*(_line(one) for one in processes))
        begun = monotonic()
        async with Publisher(stack.bootstrap, idempotent=True) as publisher:
            await publisher.send(replace(one, topic=floor_topic(one.topic)) for one in reports)
        ends = await asyncio.gather(*(_line(one) for one in processes))
    finally:
        for one in processes:
            if one.returncode is None:
                one.terminate()
        await asyncio.gather(*(one.wait() for one in processes))
    seconds = max(end["ended"] for end in ends) - begun
    cpu = {name: end["cpu"] / len(reports) * 1e6 for name, end in zip(FLOW, ends, strict=True)}
    return FloorRun(len(reports) / seconds, cpu)


def _records(recorded: Path, reports: Sequence[Inbound]) -> dict[str, dict[str, int]]:
    """Return how many records came to each service on each topic: the reports, and what the others published."""
    came = Counter(one.topic for one in reports)
    for name in FLOW:
        for step in steps(recorded / f"{name}.steps"):
            came.update(record[0] for record in (step[1] if step[0] == "publish" else ()))
    return {name: {topic: came[topic] for topic in topics_of(name)} for name in FLOW}


async def _start(
    stack: LocalStack, name: str, came: dict[str, int], recorded: Path, *, database: bool
) -> asyncio.subprocess.Process:
    mongo = stack.mongo_url if database else "-"
    argv = ["-m", "tests.bench.floor", stack.bootstrap, mongo, str(recorded / f"{name}.steps"), json.dumps(came)]
    return await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=ROOT, stdout=asyncio.subprocess.PIPE)


async def _line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the next thing a process says.

    Raises:
        RuntimeError: it ended instead.
    """
    if process.stdout is None:
        raise RuntimeError("started without a pipe")
    async with asyncio.timeout(STALLED_SECONDS):
        line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of the floor ended with status {await process.wait()}")
    said: dict[str, Any] = json.loads(line)
    return said


async def _make_topics(bootstrap: str) -> None:
    """Create a topic for each that the services use, with as many partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
        used = {name for service in FLOW for name in topics_of(service)}
        used |= {topic_name(code, suffix) for code in DISTRICTS for suffix in (Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)}
        missing = {floor_topic(name): there[name] for name in used if floor_topic(name) not in there}
        await admin.create_topics([NewTopic(name, number, 1) for name, number in missing.items()])
    finally:
        await admin.close()


async def _make_collections(url: str) -> None:
    """Create a fresh collection with the same indexes for each that the services use."""
    client = AsyncIOMotorClient[dict[str, Any]](url)
    for name in FLOW:
        await client.drop_database(f"{PREFIX}_gw_{name}")
        for collection in await client[f"gw_{name}"].list_collection_names():
            copy = client[f"{PREFIX}_gw_{name}"][collection]
            async for index in client[f"gw_{name}"][collection].list_indexes():
                options = {key: value for key, value in index.items() if key not in ("v", "key")}
                if index["name"] != "_id_":
                    await copy.create_index(list(index["key"].items()), **options)
    client.close()

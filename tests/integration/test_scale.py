"""`gridwhistle scale` and `topics grow|drop`: a district gets workers, more partitions, and in the end no topics."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from deploy.local import LocalStack, StackConfig, background, probes
from deploy.local import state as states
from deploy.local.background import process_exists
from deploy.local.report import silent
from shared.contracts.topics import Topic, topic_name
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.bench.processes import start_at_the_end
from tests.scaling.machine import districts_read
from tests.support.bus import open_bus, until
from tests.support.cli import Cli
from tests.support.stack import infra_config
from tests.unit.escalation.district import DEPARTMENTS, profile

pytestmark = [pytest.mark.integration, pytest.mark.kafka]

DISTRICT, OTHER = "990171", "990172"
CASE = {"_id": f"{DISTRICT}-260701-aaaaaaaa", "s": {"state": "dispatched"}}


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[StackConfig]:
    """Run a broker and a database as `gridwhistle up --monitoring` does, without a pool."""
    config = infra_config(tmp_path).model_copy(update={"monitoring": True})
    await asyncio.to_thread(background.launch, config, silent)
    try:
        yield config
    finally:
        await asyncio.to_thread(background.down, config)


async def test_a_district_has_workers_of_its_own_for_as_long_as_one_says(running: StackConfig) -> None:
    """They are ready when the command ends, scraped, back when killed, and go; a district without topics has none."""
    now = states.read(running.run)
    assert now is not None
    cli, of_stack = Cli(now.bootstrap), ("--state", str(running.state))
    both = ("--district", DISTRICT, "--district", OTHER)
    await cli.json("topics", "apply", *both, "--partner", "grid-app", "--partitions", "2")

    made = await cli.json("scale", DISTRICT, "--service", "router", "--workers", "2", *of_stack)
    assert [one["name"] for one in made] == [f"router-{DISTRICT}", f"router-{DISTRICT}-1"]

    async def shared() -> bool:
        return [await districts_read(one["port"]) for one in made] == [{DISTRICT}, {DISTRICT}]

    await until(shared, 30, "both workers to have partitions of the district, and of no other")

    (scraped,) = json.loads((running.state / "prometheus" / "router.json").read_text(encoding="utf-8"))
    assert scraped["targets"] == [f"127.0.0.1:{one['port']}" for one in made]

    os.kill(made[0]["pid"], signal.SIGKILL)

    def started_again() -> bool:
        after = states.read(running.run)
        pids = {one.name: one.pid for one in after.components} if after else {}
        return pids.get(made[0]["name"]) not in (None, made[0]["pid"])

    await until(started_again, 30, "the killed worker to be started again")
    assert await cli.json("scale", DISTRICT, "--workers", "0", *of_stack) == []
    assert not process_exists(made[1]["pid"])
    await refused(cli, ("scale", "990173", *of_stack), "990173 has no topics here")


async def refused(cli: Cli, command: Sequence[str], why: str) -> None:
    """Type a command that must be refused for this reason."""
    result = await cli.run(*command)
    assert (result.exit_code, why in result.output) == (1, True), result.output


@asynccontextmanager
async def member(bootstrap: str, group: str, district: str = DISTRICT) -> AsyncIterator[None]:
    """Be in a group for a while."""
    consumer = AIOKafkaConsumer(topic_name(district, Topic.CASES), bootstrap_servers=bootstrap, group_id=group)
    await consumer.start()
    try:
        yield
    finally:
        await consumer.stop()


async def counts(cli: Cli) -> dict[str, int]:
    """Return the partitions of the district's topics."""
    found = await cli.json("topics", "apply", "--district", DISTRICT, "--dry-run")
    return {one["name"]: one["partitions"] for one in found["topics"] if DISTRICT in one["name"]}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_district_grows_and_goes_only_at_rest(infra: LocalStack) -> None:
    """What is unread keeps its partitions, what is open its topics; a department's topic stays as small as it is."""
    client: Any = connect(infra.mongo_url)
    cli = Cli(infra.bootstrap, {"GW_MONGO_URL": infra.mongo_url})
    await ProfileStore(client[DATABASE]).apply(profile(code=DISTRICT, version=0), datetime(2026, 7, 1, tzinfo=UTC))
    await cli.json("topics", "apply", "--district", DISTRICT, "--partitions", "2")
    grow = ("topics", "grow", "--district", DISTRICT, "--partitions", "3")
    async with open_bus(infra.bootstrap) as bus:
        await bus.send(topic_name(DISTRICT, Topic.INCIDENTS), b"{}", "k")
    async with member(infra.bootstrap, "router"):
        await refused(cli, grow, "router still run")
    await refused(cli, grow, "still wait: 1 for router, 1 for notifier")
    for group in ("router", "notifier"):
        await start_at_the_end(infra.bootstrap, group, [topic_name(DISTRICT, Topic.INCIDENTS)])
    await cli.json(*grow)
    departments = {one["code"] for one in DEPARTMENTS if one["kind"] != "centre"}
    assert await counts(cli) == {
        name: 1 if name.rpartition(".in.")[2] in departments else 3 for name in await counts(cli)
    }

    drop = ("topics", "drop", "--district", DISTRICT)
    await client["gw_router"]["cases"].insert_one(CASE)
    await refused(cli, drop, "1 cases of 990171 are still open")
    await client["gw_router"]["cases"].update_one({"_id": CASE["_id"]}, {"$set": {"s.state": "closed"}})
    would = await cli.json(*drop)
    assert set(would["topics"]) == set(await counts(cli))
    await cli.json(*drop, "--yes")
    assert not [name for name in await probes.topics(infra.bootstrap) if DISTRICT in name]
    await client["gw_router"]["cases"].delete_one({"_id": CASE["_id"]})
    client.close()

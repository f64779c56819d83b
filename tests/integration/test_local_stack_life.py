"""The stack on one machine starts whole, keeps its data, ends without a trace, and leaves no orphans if killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local import LocalStack, StackConfig, StackError, background, probes
from deploy.local import state as states
from deploy.local.background import process_exists
from deploy.local.config import ROOT
from deploy.local.report import silent
from tests.support.bus import until
from tests.support.stack import free_port_base, infra_config


@pytest.fixture
def config(tmp_path: Path) -> StackConfig:
    """Give mongod and Tansu alone, in a directory of their own."""
    return infra_config(tmp_path).model_copy(update={"broker": "tansu"})


def gone(pids: list[int]) -> bool:
    """Return whether none of the processes runs any more."""
    return not any(process_exists(pid) for pid in pids)


# ---------------------------------------------------------------- starting and ending


async def test_stack_is_whole_and_leaves_no_process(config: StackConfig) -> None:
    """The database takes transactions, the broker topics; after the end nothing runs."""
    async with LocalStack(config) as stack:
        pids = [component.pid or 0 for component in stack.components()]
        async with (
            AsyncMongoClient[dict[str, int]](stack.mongo_url) as client,
            client.start_session() as session,
            await session.start_transaction(),
        ):
            await client.test.things.insert_one({"n": 1}, session=session)
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("gw.620802.cases", 6, 1)])
        await admin.close()
        assert await probes.topics(stack.bootstrap) == ("gw.620802.cases",)
    assert len(pids) == 2
    assert gone(pids)


async def test_state_survives_a_restart_on_other_ports(config: StackConfig) -> None:
    """What mongod stored is there next time, although the address of its replica set has changed."""
    async with LocalStack(config) as stack, AsyncMongoClient[dict[str, int]](stack.mongo_url) as client:
        await client.test.things.insert_one({"n": 1})
        assert (config.state / "client.env").exists()
    assert not (config.state / "client.env").exists(), "its settings name nothing any more"
    moved = config.model_copy(update={"port_base": free_port_base()})
    async with LocalStack(moved) as stack, AsyncMongoClient[dict[str, int]](stack.mongo_url) as client:
        assert await client.test.things.count_documents({}) == 1


async def test_second_stack_in_the_same_directory_is_refused(config: StackConfig) -> None:
    """Two would write the same data; the running one is not disturbed."""
    async with LocalStack(config) as running:
        other = config.model_copy(update={"port_base": free_port_base()})
        with pytest.raises(StackError, match=f"already running in {config.state} .process {os.getpid()}"):
            await LocalStack(other).__aenter__()
        assert all(component.alive for component in running.components())


async def test_component_comes_back_after_a_kill(config: StackConfig) -> None:
    """A test may take mongod away and give it back."""
    async with LocalStack(config) as stack:
        before = stack.mongo.pid
        stack.mongo.kill()
        assert not stack.mongo.alive
        await stack.mongo.restart()
        assert stack.mongo.pid not in {None, before}


# ---------------------------------------------------------------- in the background


async def test_background_stack_tells_its_state_and_ends_on_down(config: StackConfig) -> None:
    """`up` returns when all is ready; `status` reads the same; `down` returns when all is gone; twice is harmless."""
    begun = await asyncio.to_thread(background.launch, config, silent)
    pids = [component.pid or 0 for component in begun.components]
    assert states.read(config.run) == begun
    assert states.owner(config.run) == begun.pid
    assert await asyncio.to_thread(background.down, config)
    assert gone([begun.pid, *pids])
    assert not await asyncio.to_thread(background.down, config)


async def test_killed_supervisor_leaves_no_orphans(config: StackConfig) -> None:
    """A kill -9 of the process the stack lives in takes everything with it, and the directory is free again."""
    begun = await asyncio.to_thread(background.launch, config, silent)
    pids = [component.pid or 0 for component in begun.components]
    os.kill(begun.pid, signal.SIGKILL)
    await until(lambda: gone([begun.pid, *pids]))
    assert states.owner(config.run) is None


async def test_interrupt_ends_the_stack_cleanly(config: StackConfig) -> None:
    """Ctrl-C is a clean end: exit status 0, no process left, state.json says stopped."""
    argv = [sys.executable, "-m", "deploy.local.supervisor", config.model_dump_json()]
    supervisor = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
    await until(lambda: (now := states.read(config.run)) is not None and now.phase == "ready")
    now = states.read(config.run)
    supervisor.send_signal(signal.SIGINT)
    await until(lambda: supervisor.poll() is not None)
    assert supervisor.returncode == 0
    assert now is not None
    assert gone([component.pid or 0 for component in now.components])
    ended = states.read(config.run)
    assert ended is not None
    assert ended.phase == "stopped"


# ---------------------------------------------------------------- Apache Kafka


@pytest.mark.kafka
async def test_kafka_keeps_its_topics_and_makes_none_by_itself(tmp_path: Path) -> None:
    """Records' topics survive a restart, and asking for an unknown one does not create it."""
    config = infra_config(tmp_path)
    async with LocalStack(config) as stack:
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("gw.620802.cases", 6, 1)])
        await admin.describe_topics(["gw.620802.nobody-made-this"])
        await admin.close()
        await stack.broker.restart()
        assert await probes.topics(stack.bootstrap) == ("gw.620802.cases",)

"""The stack on one machine: what it says when something is in the way, and that it leaves nothing behind."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local import LocalStack, StackConfig, StackError, background, kafka, keys, machine, probes
from deploy.local import state as states
from deploy.local.background import process_exists
from deploy.local.component import Component, Program
from deploy.local.config import ROOT, Ports
from deploy.local.report import silent
from deploy.local.watch import MAX_RESTARTS, Watch
from tests.support.stack import free_port_base, infra_config

DEADLINE_SECONDS = 30


@pytest.fixture
def config(tmp_path: Path) -> StackConfig:
    """Give mongod and Tansu alone, in a directory of their own."""
    return infra_config(tmp_path).model_copy(update={"broker": "tansu"})


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty directory as the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return folder


@pytest.fixture
def taken(config: StackConfig) -> Iterator[int]:
    """Give a port of the stack that another program listens on."""
    with socket.create_server(("127.0.0.1", config.ports.kafka)) as listener:
        yield listener.getsockname()[1]


def script(path: Path, body: str) -> Path:
    """Write a program."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def shell(tmp_path: Path, body: str, *, ready: bool, name: str = "thing", start_seconds: float = 5) -> Component:
    """Return a component that is a shell script, and is ready at once or never."""

    async def probe() -> bool:
        return ready

    program = Program(name, ("/bin/sh", "-c", body), tmp_path / f"{name}.log", probe, start_seconds=start_seconds)
    return Component(program, tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition or the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a process of the system sets no event
            await asyncio.sleep(0.05)


def gone(pids: list[int]) -> bool:
    """Return whether none of the processes runs any more."""
    return not any(process_exists(pid) for pid in pids)


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("system", "processor", "libc"),
    [("Darwin", "arm64", ""), ("Linux", "aarch64", "glibc"), ("Linux", "x86_64", ""), ("Windows", "AMD64", "")],
)
def test_unsupported_platform_names_docker(system: str, processor: str, libc: str) -> None:
    """A machine that cannot run the wheels' programs is told what it is and what works there."""
    with pytest.raises(StackError, match="docker compose up") as refused:
        machine.check_platform(system, processor, libc)
    assert f"{system} {processor}" in str(refused.value)


@pytest.mark.usefixtures("no_programs")
def test_missing_java_says_how_to_get_one() -> None:
    """Without Java the message names the version, the package and the way that needs none."""
    with pytest.raises(StackError, match=r"no java on PATH(?s:.*)apt-get install openjdk(?s:.*)gridwhistle up"):
        machine.find_java()


def test_old_java_is_named_with_its_version(no_programs: Path) -> None:
    """A Java that is too old is told apart from none at all."""
    old = script(no_programs / "java", """echo 'openjdk version "11.0.2" 2019-01-15' >&2""")
    with pytest.raises(StackError, match=f"{old} is Java 11"):
        machine.find_java()


def test_missing_java_home_is_named(no_programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JAVA_HOME without a Java is the thing to correct, so it is named."""
    monkeypatch.setenv("JAVA_HOME", str(no_programs / "nowhere"))
    with pytest.raises(StackError, match="JAVA_HOME"):
        machine.find_java()


@pytest.mark.usefixtures("no_programs")
def test_missing_maven_says_how_to_get_it(tmp_path: Path) -> None:
    """Maven is asked for only when the jars are not there yet."""
    with pytest.raises(StackError, match="apt-get install maven"):
        kafka.libs(tmp_path)


def test_failing_maven_shows_its_last_lines(no_programs: Path, tmp_path: Path) -> None:
    """What Maven said is in the message; half-fetched jars are not taken for whole ones."""
    script(no_programs / "mvn", "echo 'no route to the repository'; exit 1")
    for _ in range(2):
        with pytest.raises(StackError, match="no route to the repository"):
            kafka.libs(tmp_path)


async def test_taken_port_is_named_and_nothing_is_left(config: StackConfig, taken: int) -> None:
    """The message says which port and which program wanted it; no process was started."""
    with pytest.raises(StackError, match=f"Port {taken} is taken; tansu wanted it"):
        await LocalStack(config).__aenter__()
    assert not list(config.run.glob("*.pid"))


async def test_component_that_dies_at_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    """Its name, exit status, last lines and log are in the message."""
    component = shell(tmp_path, "echo the database is locked; exit 3", ready=False)
    with pytest.raises(
        StackError, match=r"thing ended by itself with exit status 3(?s:.*)the database is locked"
    ) as died:
        await component.start()
    assert str(component.program.log) in str(died.value)


async def test_component_that_never_answers_is_named(tmp_path: Path) -> None:
    """One that runs and does not get ready is told apart from one that ended."""
    component = shell(tmp_path, "echo waiting for nobody; sleep 60", ready=False, start_seconds=0.2)
    with pytest.raises(StackError, match=r"thing is not ready after(?s:.*)waiting for nobody"):
        await component.start()
    await component.stop()


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


def test_ports_move_together_with_their_base() -> None:
    """Two stacks with other bases share no port; without a base the ports are the well-known ones."""
    assert (Ports.at(None).kafka, Ports.at(None).mongo, Ports.at(None).http) == (9092, 27017, 8080)
    first, second = (set(Ports.at(base).model_dump().values()) for base in (19_000, 19_100))
    assert not first & second


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


async def test_background_start_that_fails_says_why(config: StackConfig, taken: int) -> None:
    """The sentence of the supervisor reaches the one who typed `up`."""
    with pytest.raises(StackError, match=f"Port {taken} is taken"):
        await asyncio.to_thread(background.launch, config, silent)


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


# ---------------------------------------------------------------- what dies is noticed


async def test_service_that_dies_is_named_and_started_again_then_given_up(config: StackConfig, tmp_path: Path) -> None:
    """Every death is told with its last words; one that keeps dying is left down and the stack is degraded."""
    told: list[str] = []
    async with LocalStack(config) as stack:
        stack._services["router", 0] = component = shell(
            tmp_path, "echo no such topic; exit 4", ready=True, name="router"
        )
        component.launch()
        watch = Watch(stack, told.append, lambda: None)
        watching = asyncio.create_task(watch.forever())
        await until(lambda: watch.degraded)
        watching.cancel()
    assert len(told) == MAX_RESTARTS + 1
    assert all("router ended by itself with exit status 4" in one and "no such topic" in one for one in told)
    assert "not started again" in told[-1]


async def test_dead_broker_ends_the_watch_with_its_name(config: StackConfig) -> None:
    """Without its broker the stack cannot go on, and says who ended."""
    async with LocalStack(config) as stack:
        watching = asyncio.create_task(Watch(stack, silent, lambda: None).forever())
        stack.broker.kill()
        with pytest.raises(StackError, match="tansu was killed by SIGKILL"):
            await asyncio.wait_for(watching, DEADLINE_SECONDS)


# ---------------------------------------------------------------- secrets


def contents(folder: Path) -> dict[str, str]:
    """Return the files of a folder."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_secrets_are_private_kept_and_complete(tmp_path: Path) -> None:
    """Keys are readable by their owner only; a new partner gets one and the others keep theirs."""
    keys.ensure_secrets(tmp_path, {"grid-app": ["620802"]})
    before = contents(tmp_path)
    keys.ensure_secrets(tmp_path, {"grid-app": ["620802"], "housing": ["620171", "620802"]})
    after = contents(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert before["vault.keys"] == after["vault.keys"]
    lines = after["http.keys"].splitlines()
    assert before["http.keys"].splitlines()[0] in lines
    assert [tuple(line.split()[:2]) for line in lines] == [
        ("grid-app", "620802"),
        ("housing", "620171"),
        ("housing", "620802"),
    ]


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

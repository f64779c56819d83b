"""The stack on one machine: what it says when something is in the way, and when something dies."""

import asyncio
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from deploy.local import LocalStack, StackConfig, StackError, background, kafka, keys, machine
from deploy.local.component import Component, Program
from deploy.local.config import Ports
from deploy.local.report import silent
from deploy.local.watch import MAX_RESTARTS, Watch
from tests.support.bus import until
from tests.support.stack import infra_config

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


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("system", "processor", "libc"),
    [("Darwin", "arm64", ""), ("Linux", "aarch64", "glibc"), ("Linux", "x86_64", ""), ("Windows", "AMD64", "")],
)
def test_unsupported_platform_names_docker(system: str, processor: str, libc: str) -> None:
    """A machine that cannot run the wheels' programs is told what it is and what works there."""
    with pytest.raises(StackError, match="docker compose") as refused:
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


async def test_background_start_that_fails_says_why(config: StackConfig, taken: int) -> None:
    """The sentence of the supervisor reaches the one who typed `up`."""
    with pytest.raises(StackError, match=f"Port {taken} is taken"):
        await asyncio.to_thread(background.launch, config, silent)


def test_ports_move_together_with_their_base() -> None:
    """Two stacks with other bases share no port; without a base the ports are the well-known ones."""
    assert (Ports.at(None).kafka, Ports.at(None).mongo, Ports.at(None).http) == (9092, 27017, 8080)
    first, second = (set(Ports.at(base).model_dump().values()) for base in (19_000, 19_100))
    assert not first & second


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


async def test_killed_mongod_comes_back_with_its_data_until_it_is_killed_too_often(config: StackConfig) -> None:
    """It is started again a bounded number of times; then the stack ends and says who is to blame."""
    async with LocalStack(config) as stack:
        watching = asyncio.create_task(Watch(stack, silent, lambda: None).forever())
        async with AsyncMongoClient[dict[str, int]](stack.mongo_url) as client:
            await client.test.things.insert_one({"n": 1})
            for _ in range(MAX_RESTARTS):
                stack.mongo.kill()
                await until(lambda: stack.mongo.alive)
            await stack.mongo.wait_ready()
            assert await client.test.things.count_documents({}) == 1
        stack.mongo.kill()
        with pytest.raises(StackError, match="mongod was killed by SIGKILL"):
            await asyncio.wait_for(watching, DEADLINE_SECONDS)


async def test_a_broker_that_forgets_ends_the_watch_with_its_name(config: StackConfig) -> None:
    """Tansu would come back empty; the stack does not go on, and says who ended."""
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

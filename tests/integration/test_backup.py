"""`gridwhistle backup` and `restore`: of the whole system while it works, and into a new broker and database."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.backup.databases import documents
from deploy.backup.manifest import Manifest
from deploy.local import LocalStack
from deploy.local.component import together
from shared.contracts.topics import Topic
from shared.infra.clock import SystemClock
from tests.drill.office import DISTRICT, Office
from tests.drill.proofs import delivered, differing, notices
from tests.drill.run import SERVICES
from tests.support.bus import open_bus
from tests.support.cli import Cli
from tests.support.stack import infra_config

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a backup while a few reports are under way."""
    folder = tmp_path_factory.mktemp("backup") / "made"
    async with open_bus(stack.bootstrap) as bus:
        office = Office(bus, SystemClock(), f"backup-{folder.parent.name}", first=4_000)
        first = [await office.report() for _ in range(8)]
        await office.heard(Topic.INCIDENTS, "report.accepted", report_id=first[0])
        await Cli(stack.bootstrap, stack.env).json("backup", str(folder))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def empty(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    """Give a broker and a database in which nothing is, with the keys of the stack that was backed up."""
    keys = {"GW_VAULT_KEYS_FILE": stack.env["GW_VAULT_KEYS_FILE"]}
    config = infra_config(tmp_path_factory.mktemp("empty")).model_copy(update={"env": keys})
    async with LocalStack(config) as running:
        yield running


async def test_nobody_s_name_and_no_key_is_in_a_backup(stack: LocalStack, made: Path) -> None:
    """Neither in a database nor among what partners had just sent; only the owner may read it; its keys are named."""
    key_id, secret = _key(stack)
    assert key_id in Manifest.read(made).keys
    content, modes = _content(made)
    assert b"report_id" in content
    assert b"13800000000" not in content
    assert secret.encode() not in content
    assert modes == {0o600}


def _key(stack: LocalStack) -> list[str]:
    return Path(stack.env["GW_VAULT_KEYS_FILE"]).read_text().split()[:2]


def _content(made: Path) -> tuple[bytes, set[int]]:
    files = [path for path in made.rglob("*") if path.is_file()]
    content = b"".join(document.raw for file in files if file.name.endswith("bson.gz") for document in documents(file))
    return content, {path.stat().st_mode & 0o777 for path in files}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "There is something in gw_directory, gw_intake"),
        (("--force",), "Stop the services first; these are reading: intake"),
    ],
)
async def test_what_is_in_use_is_not_overwritten(
    stack: LocalStack, made: Path, options: tuple[str, ...], reason: str
) -> None:
    """Databases that hold something, and services that run."""
    refused = await Cli(stack.bootstrap, stack.env).run("restore", str(made), *options)
    assert refused.exit_code == 1
    assert reason in refused.stderr
    assert "Nothing was restored" in refused.stderr


async def test_a_backup_that_is_not_whole_is_refused(empty: LocalStack, made: Path, tmp_path: Path) -> None:
    """One byte of one file is enough; nothing is written."""
    broken = tmp_path / "broken"
    shutil.copytree(made, broken)
    _spoil(broken / "gw_router" / "cases.bson.gz")
    refused = await Cli(empty.bootstrap, empty.env).run("restore", str(broken))
    assert refused.exit_code == 1
    assert "is not what was backed up (its checksum differs); nothing was restored" in refused.stderr


def _spoil(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"?")


async def test_a_restored_system_goes_on(empty: LocalStack, made: Path) -> None:
    """Documents and indexes are as they were; a new report is routed, an old task accepted, no notice sent again."""
    cli = Cli(empty.bootstrap, empty.env)
    done = await cli.json("restore", str(made))
    assert await differing(made, empty.mongo_url) == []
    assert done["missing_keys"] == []
    again = await cli.run("restore", str(made), "--force")
    assert "topics hold records" in again.stderr or done["said_again"] == 0
    await together(*(empty.add_replica(name) for name in SERVICES))
    async with open_bus(empty.bootstrap) as bus:
        office = Office(bus, SystemClock(), "restored", first=9_000)
        new = await office.report()
        (accepted,) = await office.heard(Topic.INCIDENTS, "report.accepted", report_id=new)
        await office.heard(Topic.CASES, "task.assigned", case_id=accepted["case_id"])
        old, task = _assigned(made)
        await office.command(task["department"], "task.accept", old, task_id=f"{old}/{task['department']}#1")
        await office.heard(Topic.CASES, "task.accepted", case_id=old)
    sent = notices(empty.config.state / "notices.jsonl")
    assert not set(sent) & delivered(made)
    assert len(sent) == len(set(sent))


def _assigned(made: Path) -> tuple[str, Any]:
    """Return a case of the backup with a task that nobody has taken on."""
    for document in documents(made / "gw_router" / "cases.bson.gz"):
        case = document.get("s", {})
        if case.get("district") == DISTRICT and case.get("state") == "dispatched" and case.get("tasks"):
            task = case["tasks"][0]
            if "state" not in task and task.get("number", 1) == 1:
                return case["case_id"], task
    raise AssertionError("no case of the backup has such a task")


async def test_a_folder_that_is_in_use_is_not_written_into(stack: LocalStack, made: Path) -> None:
    """A backup has a folder of its own."""
    before = json.loads((made / "manifest.json").read_text())
    refused = await Cli(stack.bootstrap, stack.env).run("backup", str(made))
    assert refused.exit_code == 1
    assert "is not empty" in refused.stderr
    assert json.loads((made / "manifest.json").read_text()) == before

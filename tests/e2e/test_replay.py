"""From a dead letter to a case: the profile is mended, the letter replayed, by whom and however often."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from tests.support.bus import until
from tests.support.cli import Cli

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISTRICT = "620171"
DISTRICTS = Path(__file__).parents[2] / "deploy" / "districts"
CATEGORY = "L09990"
LOST, PROBE = "replay-1", "replay-probe"
HERE = ("--district", DISTRICT)


@pytest.fixture
def cli(stack: LocalStack) -> Cli:
    """Give the command line with everything that is running."""
    keys = str(stack.config.secrets / "vault.keys")
    return Cli(stack.bootstrap, {"GW_MONGO_URL": stack.mongo_url, "GW_VAULT_KEYS_FILE": keys})


@pytest_asyncio.fixture(loop_scope="session")
async def mended(cli: Cli, tmp_path: Path) -> AsyncIterator[Path]:
    """Give a copy of the profile with a category more, not yet applied; afterwards the old one holds again."""
    for name in (DISTRICT, "common"):
        shutil.copytree(DISTRICTS / name, tmp_path / name)
    with (tmp_path / DISTRICT / "categories.csv").open("a", encoding="utf-8") as categories:
        categories.write(f"{CATEGORY},盲道占用,,,,,,,,,,\n")
    yield tmp_path / DISTRICT
    await cli.json("district", "apply", str(DISTRICTS / DISTRICT))


async def send(cli: Cli, report_id: str, *more: str) -> int:
    """Send a report of the new category; return the exit status."""
    report = json.dumps({"report_id": report_id, "category": CATEGORY})
    return (await cli.run("send", "-", *HERE, *more, stdin=report)).exit_code


async def letters(cli: Cli) -> list[dict[str, Any]]:
    """Return the letters of the report."""
    listed = await cli.json("dead-letters", "list", *HERE, "--error", "unknown-category")
    return [one for one in listed["letters"] if LOST in (one["text"] or "")]


async def said(cli: Cli, topic: str, type_: str) -> list[dict[str, Any]]:
    """Return the events of a type on a topic of the district so far."""
    watch = ("watch", *HERE, "--topic", topic, "--from-beginning", "--seconds", "1", "--json")
    lines = [json.loads(line) for line in (await cli.run(*watch)).stdout.splitlines()]
    return [one["value"] for one in lines if one["headers"].get("ce_type") == f"gridwhistle.{type_}.v1"]


async def test_a_report_of_a_missing_category_becomes_one_case_once_the_profile_is_mended(
    stack: LocalStack, cli: Cli, mended: Path
) -> None:
    """Replayed by one who is killed before noting it, by two at once, and again: there is one case."""
    assert await send(cli, LOST, "--partner", "grid-app") == 0
    (letter,) = await until(lambda: letters(cli))
    await cli.json("district", "apply", str(mended))
    keys = json.loads((stack.config.secrets / "http-clients.json").read_text())
    probe = ("--url", stack.url("intake"), "--key", keys["grid-app"])

    async def known() -> bool:
        return await send(cli, PROBE, *probe) == 0

    await until(known, 30, "the new version of the profile")
    replay = ("dead-letters", "replay", letter["id"], *HERE)
    with patch("deploy.cli.dead_letters.replayed", side_effect=KeyboardInterrupt):
        assert (await cli.run(*replay)).exit_code != 0
    assert [one["replays"] for one in await letters(cli)] == [[]], "sent, and not noted"
    assert set(await asyncio.gather(cli.process(*replay), cli.process(*replay))) == {0}

    async def opened() -> list[dict[str, Any]]:
        return [one for one in await said(cli, "cases", "case.opened") if one["category"] == CATEGORY]

    async def both() -> bool:
        return len(await opened()) == 2

    await until(both, 30, "the case")
    assert (await cli.json(*replay))["replayed"] == []
    (marked,) = await letters(cli)
    assert marked["replays"], "the letter is marked"
    accepted = [one for one in await said(cli, "incidents", "report.accepted") if one["report_id"] == LOST]
    assert len({one["case_id"] for one in accepted}) == 1
    assert accepted[0]["case_id"] in {one["case_id"] for one in await opened()}
    assert (await cli.run("check", *HERE)).exit_code == 0

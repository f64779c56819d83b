"""The examples of docs/partners.md, run as they stand: a partner copies them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.kafka.grants import OPERATOR
from deploy.local import LocalStack
from deploy.local.config import ROOT
from deploy.local.secured.identity import identity
from services.intake.domain.reading import Kind, read_message
from shared.contracts.incidents import Report
from tests.support.bus import Bus, open_bus
from tests.support.cli import Cli
from tests.support.secured import writable

pytestmark = pytest.mark.integration

PAGE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")
TOPIC = "gw.620802.in.grid-app"


def blocks(language: str) -> list[str]:
    """Return the page's examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest_asyncio.fixture(loop_scope="session")
async def bus(infra: LocalStack) -> AsyncIterator[Bus]:
    """Give the broker with the topics of a partner."""
    await Cli(infra.bootstrap).json("topics", "apply", "--district", "620802", "--partner", "grid-app")
    async with open_bus(infra.bootstrap) as opened:
        yield opened


async def sent(bus: Bus, ids: set[str]) -> dict[str, Report]:
    """Return the reports with these ids as intake reads them; other tests have sent what they like before."""
    found: dict[str, Report] = {}

    def enough(records: list[object]) -> bool:
        for record in records:
            message = read_message(record.headers, record.value)  # type: ignore[attr-defined]
            if message.kind is Kind.REPORT and message.payload["report_id"] in ids:
                found[message.payload["report_id"]] = Report.model_validate(message.payload)
        return ids <= found.keys()

    await bus.read([TOPIC], enough)
    return found


async def run(*command: str, broker: str, **more: str) -> None:
    """Run an example with nothing but the broker's address, and what it is given, in its environment."""
    env = {"BROKER": broker, "PATH": "/usr/local/bin:/usr/bin:/bin", **more}
    process = await asyncio.create_subprocess_exec(*command, env=env)
    assert await process.wait() == 0


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.kafka
@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not on PATH (Debian: kcat)")
async def test_kcat_says_the_same_in_all_three_forms(bus: Bus) -> None:
    """Each command ends well, and intake reads a report from what it sent; Tansu and kcat do not get on."""
    (script,) = [block for block in blocks("sh") if "kcat" in block]
    await run("sh", "-e", "-c", script, broker=bus.bootstrap)
    found = await sent(bus, {"A-1", "A-2", "A-3"})
    assert found["A-3"].category == "E06013"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_python_example_sends_a_report(bus: Bus) -> None:
    """It needs the environment's broker and nothing of this repository."""
    (program,) = blocks("python")
    await run(sys.executable, "-c", program, broker=bus.bootstrap)
    found = await sent(bus, {"A-4"})
    assert found["A-4"].reporter is not None


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.kafka
async def test_the_python_example_reads_from_a_secured_broker(secured: LocalStack) -> None:
    """With what a partner is given, and in a consumer group of its own."""
    principal = "620802-grid-app"
    await writable(secured, OPERATOR, ["gw.620802.cases"])
    given = identity(secured.config, principal)
    (program,) = blocks("py")
    files = {"PASSWORD_FILE": given["GW_KAFKA_PASSWORD_FILE"], "CA_FILE": given["GW_KAFKA_CA_FILE"]}
    await run(sys.executable, "-c", program, broker=secured.bootstrap, PRINCIPAL=principal, **files)


def test_the_example_of_a_command_is_one() -> None:
    """A department copies it with its own ids."""
    said = [read_message((), json.dumps(json.loads(block)).encode()).type for block in blocks("json")]
    assert said == ["gridwhistle.task.accept.v1", "gridwhistle.patrol.record.v1"]

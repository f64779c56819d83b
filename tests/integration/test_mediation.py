"""Mediation by a router as a process of its own: who is chosen by load, and the households of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from bson import encode
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import LocalStack
from shared.contracts.commands import ClassifyCase
from shared.contracts.mediation import FormTaskForce, OpenBatch, RecordMediation
from tests.support.bus import data, until
from tests.support.desk import Desk, running, short
from tests.support.disputing import BOTH, HERE, MEDIATED
from tests.support.routing import CENTRE, dept

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "950123"
HOUSEHOLDS = 120


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slow(infra: LocalStack) -> AsyncIterator[Desk]:
    """Give a router of a district whose limits are days, so that none runs out however long a test takes."""
    async with running(infra, DISTRICT, MEDIATED) as made:
        yield made


async def test_disputes_go_to_whoever_has_fewest(slow: Desk) -> None:
    """As the database counts it, one report after the other."""
    chosen = []
    for number in (11, 12):
        case = await slow.report(number, "D0402", **HERE)
        (tier, *_) = [one for one in await slow.until_said(case, "tier.entered") if short(one) == "tier.entered"]
        chosen.append(data(tier)["mediator"])
    assert sorted(chosen) == ["east-1", "east-2"]


async def test_households_sign_one_by_one_and_their_parent_counts_them(slow: Desk, infra: LocalStack) -> None:
    """One file each, mediated by the task force of the parent, whose document does not grow with them."""
    parent = await slow.report(100, "D0402", **HERE)
    await slow.until_state(parent, "dispatched")
    await slow.say(FormTaskForce, parent, CENTRE, lead="housing", departments=("justice",), reason="群体性纠纷")
    for _ in range(5):
        await slow.say(RecordMediation, parent, dept("housing"), hearing=True, present=BOTH)
    await slow.say(OpenBatch, parent, CENTRE, expected=HOUSEHOLDS)
    await slow.until_said(parent, "batch.progressed")
    before = len(encode(await slow.state(parent)))
    files = [await slow.report(1_000 + number, "D0402", batch=parent, **HERE) for number in range(HOUSEHOLDS)]
    for file in files[:17]:
        await slow.say(RecordMediation, file, dept("justice"), consent=BOTH, outcome="agreement")
    for file in files[17:20]:
        await slow.say(RecordMediation, file, CENTRE, outcome="withdrawn")

    async def counted() -> dict[str, int]:
        counts: dict[str, int] = (await slow.state(parent))["dispute"].get("counts", {})
        return counts if (counts.get("agreed"), counts.get("ended")) == (17, 3) else {}

    assert await until(counted, 60, "the files are counted") == {"mediating": 100, "agreed": 17, "ended": 3}
    dispute = (await slow.state(parent))["dispute"]
    assert dispute["hearings"] == 5
    assert len(encode(await slow.state(parent))) < before + 2_000
    line = ["case", "show", parent, "--mongo-url", infra.mongo_url]
    shown = await asyncio.to_thread(CliRunner().invoke, app, line, env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "5 hearings" in shown.output
    assert f"{HOUSEHOLDS} of {HOUSEHOLDS}" in shown.output


async def test_a_household_whose_report_says_no_category_is_filed_when_a_human_names_it(slow: Desk) -> None:
    """Its place in the batch waits with it."""
    parent = await slow.report(200, "D0402", **HERE)
    await slow.until_state(parent, "dispatched")
    await slow.say(OpenBatch, parent, CENTRE)
    await slow.until_said(parent, "batch.progressed")
    file = await slow.report(201, None, batch=parent, **HERE)
    await slow.until_state(file, "triage")
    await slow.say(ClassifyCase, file, CENTRE, category="D0402")
    (tier,) = [one for one in await slow.until_said(file, "tier.entered") if short(one) == "tier.entered"]
    assert (data(tier)["tier"], data(tier)["batch"]) == ("batch", parent)

"""`gridwhistle check` on a system of intake and router: right when all is well, and naming what is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import LocalStack
from shared.contracts.topics import inbound_name
from shared.infra.mongo import connect
from tests.support.bus import Bus, open_bus, until
from tests.support.stack import stack_config

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "620171"
GRID_APP = inbound_name(DISTRICT, "grid-app")


@dataclass(slots=True)
class Town:
    """A system of its own, and how to ask it."""

    stack: LocalStack
    bus: Bus
    database: Any

    async def check(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Run the command; return its exit status and what it printed."""
        env = {**self.stack.env, "COLUMNS": "250"}
        arguments = ["check", "--json", "--district", DISTRICT, *options]
        result = await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments, env=env))
        return result.exit_code, json.loads(result.stdout)

    async def totals(self) -> dict[str, int]:
        """Return the district's counts, when all is well."""
        status, told = await self.check()
        assert (status, told["wrong"]) == (0, [])
        found: dict[str, int] = told["districts"][DISTRICT]
        return found

    async def send(self, topic: str, value: Any) -> None:
        """Send a bare object under its report's id, or bytes that are none."""
        if isinstance(value, bytes):
            await self.bus.send(topic, value)
        else:
            await self.bus.send(topic, json.dumps(value).encode(), value.get("report_id"))


def report(number: int, **more: Any) -> dict[str, Any]:
    """Return a report that resembles no other."""
    text = f"第{number}号井盖破损，无人处理"
    return {"report_id": f"C-{number}", "category": "P01001", "text": text, **more}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Run intake and router, and let a day of all sorts of reports come in."""
    config = stack_config(tmp_path_factory.mktemp("check"))
    config = config.model_copy(update={"services": ("intake", "router"), "districts": (DISTRICT,)})
    async with LocalStack(config) as stack, open_bus(stack.bootstrap) as bus:
        client = connect(stack.mongo_url)
        made = Town(stack, bus, client)
        await _a_day_of_reports(made)
        yield made
        client.close()


async def _a_day_of_reports(town: Town) -> None:
    place = {"lon": 103.66, "lat": 36.48, "datum": "wgs84"}
    for number in range(20):
        await town.send(GRID_APP, report(number))
    for number in range(4):
        await town.send(GRID_APP, report(number))
    await town.send(GRID_APP, report(0, text="又一处完全不同的内容"))
    for number in (30, 31, 32):
        await town.send(GRID_APP, report(number, text="小区门口井盖破损", location=place))
    await town.send(GRID_APP, b"{not json")
    await town.send(GRID_APP, {"report_id": "EMPTY"})
    await town.send(GRID_APP, {"command": "case.verify", "case_id": f"{DISTRICT}-260701-aaaaaaaa", "ok": "perhaps"})
    await town.send(inbound_name("000000", "grid-app"), report(40, location={"grid": "620171101002001"}))
    reports = town.database["gw_intake"]["reports"]

    async def located() -> bool:
        # Until intake has placed it nobody knows which district it was submitted for, and `check` counts it for none.
        return bool(await reports.count_documents({"_id": {"$regex": "^620171/.*C-40$"}}))

    await until(located, what="the report from nowhere to be placed")


async def test_on_a_quiet_system_everything_is_accounted_for(town: Town) -> None:
    """Opened, merged, repeated, refused; commands are no reports, and a report from nowhere counts where it belongs."""
    totals = await town.totals()
    assert totals["accepted"] == totals["merged"] + totals["cases"]
    assert {name: totals[name] for name in ("submitted", "accepted", "duplicate", "rejected", "merged")} == {
        "submitted": 31,
        "accepted": 24,
        "duplicate": 4,
        "rejected": 3,
        "merged": 2,
    }
    assert totals["open"] == totals["cases"] == await town.database["gw_router"]["cases"].count_documents({})


async def test_a_case_that_is_gone_is_named_by_its_report(town: Town) -> None:
    """Exit status 1, and the culprits: the report, and the number that the ledger still has."""
    cases = town.database["gw_router"]["cases"]
    gone = await cases.find_one_and_delete({"s.report_id": "C-7"})
    try:
        status, told = await town.check("--patience", "0")
    finally:
        await cases.insert_one(gone)
    assert status == 1
    assert [one["id"] for one in told["breaks"]] == [f"{DISTRICT}/grid-app/C-7", gone["_id"]]
    assert told["ok"] is False
    await town.totals()


async def test_a_record_that_intake_forgot_is_named_by_its_place(town: Town) -> None:
    """Neither taken in nor refused; and its case has no report any more."""
    reports = town.database["gw_intake"]["reports"]
    gone = await reports.find_one_and_delete({"_id": f"{DISTRICT}/grid-app/C-8"})
    try:
        status, told = await town.check("--patience", "0")
    finally:
        await reports.insert_one(gone)
    assert status == 1
    assert {one["id"].startswith(GRID_APP) for one in told["breaks"]} == {True, False}
    assert {one["id"] for one in told["breaks"]} > {gone["s"]["case_id"]}


async def test_what_is_on_its_way_is_waited_for(town: Town) -> None:
    """Asked in the very moment after the records were acknowledged."""
    for number in range(50, 150):
        await town.send(GRID_APP, report(number))
    totals = await town.totals()
    assert totals["submitted"] - totals["duplicate"] - totals["rejected"] == totals["accepted"]
    assert totals["accepted"] >= 123


async def test_people_get_tables_and_a_sentence(town: Town) -> None:
    """Without --json."""
    env = {**town.stack.env, "COLUMNS": "250"}
    result = await asyncio.to_thread(lambda: CliRunner().invoke(app, ["check"], env=env))
    assert result.exit_code == 0, result.output
    assert "submitted" in result.stdout
    assert "Everything that was submitted is accounted for." in result.stderr

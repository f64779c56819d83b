"""A service killed around publishing and the writing of its ledger: every event is said, and each counts once.

One process at a time: Tansu may keep a member that has left as the leader of a group of several.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from deploy.figures.reading import Archive
from deploy.figures.sums import total
from deploy.figures.work import cases
from deploy.local import LocalStack
from shared.infra.clock import SystemClock
from shared.infra.ledger import Ledger
from shared.infra.mongo import connect
from tests.support.bus import header, until
from tests.support.desk import running, short

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

REPORTS = 40
POINTS = {"950012": "after:publish", "950013": "after:note"}
"""Published and not written; written, and published and written again by whoever finds the outbox."""


async def test_a_router_killed_around_its_ledger_has_every_case_in_it_once(infra: LocalStack, tmp_path: Path) -> None:
    """As many as were reported; where it died behind the writing, pages repeat what they had said before."""
    first, second = [await _killed(infra, tmp_path, *one) for one in POINTS.items()]
    assert min(first, second) >= REPORTS
    assert second > REPORTS


async def test_a_router_killed_between_saving_and_publishing_opens_every_case_once(
    infra: LocalStack, tmp_path: Path
) -> None:
    """What it saved it publishes when the records come again, under the same ids."""
    fault = f"after:save@1:{tmp_path / 'killed'}"
    async with running(infra, "950002", GW_FAULT_POINT=fault) as desk:
        cases = [await desk.report(number) for number in range(40)]
        await until(lambda: desk.component.died, 30, "the kill")
        await desk.component.restart()

        def all_opened(records: list[ConsumerRecord]) -> bool:
            return {one.key.decode() for one in records if short(one) == "task.assigned"} == set(cases)

        records = await desk.bus.read(["gw.950002.cases"], all_opened)
        for case in cases:
            told = [(short(one), header(one, "ce_id")) for one in records if one.key == case.encode()]
            assert sorted(name for name, _ in set(told)) == ["case.opened", "task.assigned"]
            assert len((await desk.state(case))["tasks"]) == 1


async def _killed(infra: LocalStack, folder: Path, district: str, point: str) -> int:
    """Wait until the ledger has every case; return how many openings its pages hold, repetitions included."""
    client = connect(infra.mongo_url)
    ledger = Ledger(client["gw_router"], SystemClock())
    async with running(infra, district, GW_FAULT_POINT=f"{point}@1:{folder / district}") as desk:
        for number in range(REPORTS):
            await desk.report(number)
        await until(lambda: desk.component.died, 30, "the kill")
        await desk.component.restart()

        async def written() -> bool:
            book = await Archive(client, SystemClock(), ("router",)).book(district, desk.clock.now())
            waiting = await desk.cases.count_documents({"_id": {"$regex": f"^{district}"}, "outbox": {"$exists": True}})
            return total(cases(book)).parts == {"open": REPORTS} and not waiting

        await until(written, 60, "every case in the ledger and no outbox left")
        openings = [one async for one in ledger.read(district, desk.clock.now()) if one.type == "case.opened"]
    client.close()
    return len(openings)

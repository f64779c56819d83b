"""A service killed around the writing of its ledger: every event is in it, and each counts once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.figures.reading import Archive
from deploy.figures.sums import total
from deploy.figures.work import cases
from deploy.local import LocalStack
from shared.infra.clock import SystemClock
from shared.infra.ledger import Ledger
from shared.infra.mongo import connect
from tests.support.bus import until
from tests.support.desk import running

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

REPORTS = 40
POINTS = {"950012": "after:publish", "950013": "after:note"}
"""Published and not written; written, and published and written again by whoever finds the outbox."""


async def test_a_router_killed_around_its_ledger_has_every_case_in_it_once(infra: LocalStack, tmp_path: Path) -> None:
    """As many as were reported; where it died behind the writing, pages repeat what they had said before."""
    first, second = await asyncio.gather(*(_killed(infra, tmp_path, *one) for one in POINTS.items()))
    assert min(first, second) >= REPORTS
    assert second > REPORTS


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

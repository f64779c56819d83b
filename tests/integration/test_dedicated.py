"""Workers for one district beside those for all, in one consumer group: who reads what, and nothing is done twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.local.component import Component
from deploy.local.stack import LocalStack
from shared.contracts.commands import AcceptTask, ProgressTask
from shared.contracts.ids import event_id
from shared.infra.mongo import connect
from tests.fault.test_engine_kill import command, prepare, tally
from tests.scaling.machine import districts_read
from tests.support.bus import Bus, open_bus, until

pytestmark = [pytest.mark.integration, pytest.mark.kafka]

OWN, OTHER = "900071", "900072"
GROUP = f"tally-{OWN}"
BOTH = {"GW_DISTRICTS": f"{OWN},{OTHER}", "GW_TALLY_GROUP": GROUP}


async def talk(bus: Bus, number: int) -> None:
    """Say one more thing in each district."""
    for district in (OWN, OTHER):
        await bus.emit(command(ProgressTask, district, 0, str(number)), event_id(f"{district}/{number}", 0))


async def test_a_district_goes_to_its_own_worker_and_comes_back(infra: LocalStack, tmp_path: Path) -> None:
    """The pool reads everything; a worker for one district takes it over; when that one goes, the pool has it again."""
    pool = tally(infra, OWN, None, tmp_path / "pool", BOTH)
    own = tally(infra, OWN, None, tmp_path / "own", {"GW_TALLY_GROUP": GROUP})

    async def reads(process: Component, *districts: str) -> None:
        async def has() -> bool:
            return await districts_read(process.program.port) == set(districts)

        await until(has, 60, f"{process.program.log.stem} to read {districts}")

    async with open_bus(infra.bootstrap) as bus:
        for district in (OWN, OTHER):
            await prepare(bus, district)
            await bus.emit(command(AcceptTask, district, 0, ""), event_id(f"{district}/open", 0))
        await pool.start()
        await reads(pool, OWN, OTHER)
        await talk(bus, 0)
        await own.start()
        await asyncio.gather(reads(own, OWN), reads(pool, OTHER))
        await talk(bus, 1)
        assert await own.stop()
        await reads(pool, OWN, OTHER)
        await talk(bus, 2)
        tallies = connect(infra.mongo_url)[f"gw_{GROUP}"]["tallies"]

        async def all_told() -> bool:
            return await tallies.count_documents({"s.notes": ["0", "1", "2"], "s.count": 3}) == len((OWN, OTHER))

        await until(all_told, 30, "every word to be counted once")
        assert await pool.stop()

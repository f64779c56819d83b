"""A process whose clock is wrong does not act: a jump ends it, and it does not begin until the clock is set right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.contracts.commands import AcceptTask, ProgressTask
from shared.contracts.ids import event_id
from shared.infra.mongo import connect
from tests.fault.test_engine_kill import command, prepare, tally
from tests.support.bus import Bus, open_bus, until

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

SECONDS = 30


@pytest.mark.parametrize(("district", "minutes"), [("900092", 3 * 60), ("900093", -7)])
async def test_a_clock_that_jumps_ends_the_process_and_keeps_the_next_from_beginning(
    infra: LocalStack, tmp_path: Path, district: str, minutes: int
) -> None:
    """What is sent meanwhile waits, and is applied once, at the right time, when the clock is right again."""
    async with open_bus(infra.bootstrap) as bus:
        await prepare(bus, district)
        sign = tmp_path / "jump"
        process = tally(infra, district, None, tmp_path / "tally.killed", {"GW_FAULT_CLOCK": f"{minutes}@{sign}"})
        try:
            await process.start()
            await bus.emit(command(AcceptTask, district, 0, ""), event_id(f"{district}/open", 0))
            await _progress(bus, district, 1)
            await until(lambda: _counted(infra, district, 1), SECONDS, "what came before the jump")
            sign.touch()
            await until(lambda: process.died, SECONDS, "the end of the process")
            assert "ended by itself with exit status 0" in str(process.obituary())
            assert "clock_wrong" in _log(process)
            process.launch({"GW_FAULT_CLOCK": str(minutes)})
            await _progress(bus, district, 2)
            await until(lambda: _waits(process), SECONDS, "the news that the clock is wrong")
            await process.stop()
            assert await _counted(infra, district, 1)
            await process.start({"GW_FAULT_CLOCK": ""})
            await until(lambda: _counted(infra, district, 2), SECONDS, "what had waited")
        finally:
            await process.stop()


async def _progress(bus: Bus, district: str, number: int) -> None:
    await bus.emit(command(ProgressTask, district, 0, str(number)), event_id(f"{district}/{number}", 0))


async def _counted(stack: LocalStack, district: str, number: int) -> bool:
    client = connect(stack.mongo_url)
    found: list[Any] = [one["s"].get("count", 0) async for one in client[f"gw_tally-{district}"]["tallies"].find()]
    client.close()
    return found == [number]


async def _waits(process: Component) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            said = await client.get(f"{process.url}/readyz")
    except httpx.HTTPError:
        return False
    told = "this machine's clock is" in _log(process)
    return said.status_code == httpx.codes.SERVICE_UNAVAILABLE and "clock: not ready" in said.text and told


def _log(process: Component) -> str:
    return process.program.log.read_text(encoding="utf-8")

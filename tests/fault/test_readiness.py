"""Readiness of whole processes: a spare replica has it, a service whose broker goes away loses it and can be ended."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx
import pytest

from deploy.local import LocalStack
from tests.fault.test_engine_kill import prepare, tally
from tests.support.bus import open_bus, until
from tests.support.stack import infra_config


async def test_a_service_without_its_broker_is_not_ready_and_can_be_ended(tmp_path: Path) -> None:
    """Nothing that is sent here would come through, and no member of the group is left to wait for."""
    async with LocalStack(infra_config(tmp_path)) as stack:
        async with open_bus(stack.bootstrap) as bus:
            await prepare(bus, "900090")
        process = tally(stack, "900090", None, tmp_path / "tally.killed")
        await process.start()
        await until(lambda: says(process.url, "200"), 30, "readiness")
        stack.broker.kill()
        await until(lambda: says(process.url, "503 broker: not ready"), 30, "the news that the broker is away")
        assert await process.stop(), "the service ends by itself on SIGTERM"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_spare_replica_is_ready(infra: LocalStack, tmp_path: Path) -> None:
    """With more replicas than partitions somebody has none by right; a rollout that waited for it would never end."""
    district = "900091"
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(f"gw.{district}.commands", partitions=1)
        await bus.create(f"gw.{district}.cases", f"gw.{district}.dead-letters")
    replicas = [tally(infra, district, None, tmp_path / f"{number}.killed") for number in range(2)]
    try:
        for replica in replicas:
            await replica.start()
        for replica in replicas:
            await until(partial(says, replica.url, "200"), 30, "readiness")
    finally:
        for replica in replicas:
            await replica.stop()


async def says(url: str, begin: str) -> bool:
    """Say whether the answer about readiness begins so."""
    async with httpx.AsyncClient() as client:
        said = await client.get(f"{url}/readyz")
    return f"{said.status_code} {said.text}".startswith(begin)

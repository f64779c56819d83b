"""Two versions of a service after one another: what the older cannot read waits, and is applied by the newer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.contracts.commands import AcceptTask, Command, ProgressTask
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.ids import event_id
from shared.infra.mongo import connect
from tests.fault.test_engine_kill import command, prepare, tally
from tests.support.bus import Bus, data, open_bus
from tests.support.cli import Cli

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "910060"
CASE = f"{DISTRICT}-260701-aaaaaaaa"
PRAISE = "gridwhistle.task.praise.v1"


@asynccontextmanager
async def running(infra: LocalStack, version: str, folder: Path) -> AsyncIterator[Component]:
    """Run one version of the tally."""
    component = tally(infra, DISTRICT, None, folder / "tally.killed")
    component.program = replace(component.program, argv=(sys.executable, "-m", f"tests.support.{version}"))
    await component.start()
    try:
        yield component
    finally:
        await component.stop()


async def give(bus: Bus, kind: type[Command], note: str, type_: str | None = None) -> None:
    """Put a command on the bus, if so told under a type that is not its own."""
    said = command(kind, DISTRICT, 0, note)
    envelope = Envelope(event_id(f"{DISTRICT}/{note}", 0), "/test", type_ or said.type, "", said.case_id)
    await bus.send(f"gw.{DISTRICT}.commands", said.model_dump_json().encode(), CASE, to_headers(envelope))


async def counted(bus: Bus, number: int) -> list[str]:
    """Return the notes that were counted, as soon as there are so many."""
    records = await bus.read([f"gw.{DISTRICT}.cases"], lambda seen: len({one.value for one in seen}) >= number)
    return list(dict.fromkeys(data(record)["note"] for record in records))


async def test_a_type_of_the_future_waits_as_a_dead_letter_and_is_applied_after_the_upgrade(
    infra: LocalStack, tmp_path: Path
) -> None:
    """It blocks nothing behind it, is kept byte for byte, and two operators who replay it at once apply it once."""
    cli = Cli(infra.bootstrap)
    async with open_bus(infra.bootstrap) as bus:
        await prepare(bus, DISTRICT)
        async with running(infra, "tally", tmp_path):
            await give(bus, AcceptTask, "open")
            await give(bus, ProgressTask, "praised", PRAISE)
            await give(bus, ProgressTask, "behind")
            assert await counted(bus, 1) == ["1:behind"]
        ((letter,), total) = (await cli.json("dead-letters", "list", "--district", DISTRICT)).values()
        assert (letter["error"], letter["service"], total) == ("unknown-type", f"tally-{DISTRICT}", 1)
        assert "a newer version may read it after a replay" in letter["message"]
        async with running(infra, "tally_newer", tmp_path):
            replay = ("dead-letters", "replay", "--all", "--error", "unknown-type", "--district", DISTRICT)
            assert set(await asyncio.gather(*(cli.process(*replay, "--again") for _ in range(2)))) == {0}
            assert await counted(bus, 2) == ["1:behind", "2:praised"]
            await give(bus, ProgressTask, "last")
            assert await counted(bus, 3) == ["1:behind", "2:praised", "3:last"]
    stored = await connect(infra.mongo_url)[f"gw_tally-{DISTRICT}"]["tallies"].find_one({"_id": CASE})
    assert stored is not None
    assert stored["s"] == {"count": 3, "notes": ["behind", "praised", "last"]}
    assert (await cli.json("dead-letters", "list", "--district", DISTRICT))["total"] == 1


async def test_what_a_newer_replica_has_stored_outlives_an_older_one(infra: LocalStack, tmp_path: Path) -> None:
    """During a rolling upgrade both write the same documents."""
    tallies = connect(infra.mongo_url)[f"gw_tally-{DISTRICT}"]["tallies"]
    async with open_bus(infra.bootstrap) as bus, running(infra, "tally", tmp_path):
        await tallies.update_one({"_id": CASE}, {"$set": {"s.of_a_newer_version": {"kept": True}, "newer_index": 1}})
        await give(bus, ProgressTask, "by the older one")
        assert (await counted(bus, 4))[-1] == "4:by the older one"
    stored = await tallies.find_one({"_id": CASE})
    assert stored is not None
    assert (stored["s"]["count"], stored["s"]["of_a_newer_version"], stored["newer_index"]) == (4, {"kept": True}, 1)

"""A district is put aside alone, removed where it was, and put beside the districts of another cluster."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from bson import encode

from deploy.backup.belongings import of_district
from deploy.backup.databases import DATABASES, documents
from deploy.backup.manifest import Manifest
from deploy.cli._broker import admin
from deploy.local import LocalStack, probes
from shared.contracts.topics import UNLOCATED, Topic, inbound_name, topic_name
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from shared.infra.resealing import KEYS
from shared.infra.vault import Vault
from tests.bench.processes import start_at_the_end
from tests.integration.test_scale import member, refused
from tests.support.bus import open_bus
from tests.support.cli import Cli
from tests.unit.escalation.district import profile

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

MOVES, STAYS = "990181", "990182"
Documents = dict[tuple[str, str], dict[str, bytes]]


def example(district: str, base: str, name: str) -> dict[str, Any]:
    """Return a document as a collection has it."""
    case = f"{district}-260701-aaaaaaaa"
    of_reports = (base, name) in {("gw_intake", "reports"), ("gw_intake", "surges")}
    id_ = f"{district}/grid-app/A-1" if of_reports else f"{case}/{base}/{name}"
    mine = {"case_id": case, "district": district, "d": district, "s": {"case_id": case, "state": "closed"}}
    return {"_id": id_, "n": 1, **mine}


async def everything(client: Any, district: str) -> Documents:
    """Return what there is of a district, found by what is in it and not by the filters of the product."""
    found: Documents = {}
    for base in DATABASES:
        for name in await client[base].list_collection_names():
            mine = [one async for one in client[base][name].find({}) if district.encode() in encode(one)]
            if mine:
                found[base, name] = {str(one["_id"]): encode(one) for one in mine}
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def client(infra: LocalStack) -> AsyncIterator[Any]:
    """Have two districts on one cluster, with a document in every collection and topics; leave nothing of them."""
    client: Any = connect(infra.mongo_url)
    for district in (MOVES, STAYS):
        await ProfileStore(client[DATABASE]).apply(profile(code=district, version=0), datetime(2026, 7, 1, tzinfo=UTC))
        for base, name in of_district(district):
            if name != "profiles":
                await client[base][name].insert_one(example(district, base, name))
    await read_what_is_of_no_district(infra)
    yield client
    for district in (MOVES, STAYS):
        for (base, name), mine in of_district(district).items():
            await client[base][name].delete_many(mine)
    client.close()


async def read_what_is_of_no_district(infra: LocalStack) -> None:
    """Let nothing wait for intake that other tests have left."""
    names = [name for name in await probes.topics(infra.bootstrap) if name.startswith(f"gw.{UNLOCATED}.in.")]
    if names:
        await start_at_the_end(infra.bootstrap, "intake", names)


async def test_a_district_goes_from_one_cluster_to_another_and_no_other_is_touched(
    infra: LocalStack, client: Any, tmp_path: Path
) -> None:
    """Only at rest, only what was put aside, only where it is not; with what had been said and not heard."""
    cli = Cli(infra.bootstrap, {"GW_MONGO_URL": infra.mongo_url})
    await cli.json("topics", "apply", "--district", MOVES, "--partitions", "2")
    await _say(infra)
    before, other = await everything(client, MOVES), await everything(client, STAYS)
    assert set(before) == set(of_district(MOVES))
    made = tmp_path / "made"
    backup, remove = ("backup", str(made), "--district", MOVES), ("district", "remove", MOVES, "--backup", str(made))
    drop = ("topics", "drop", "--district", MOVES, "--yes")

    async with member(infra.bootstrap, "router", MOVES):
        await refused(cli, backup, "Services run here: router")
    await cli.json(*backup)
    assert set(Manifest.read(made).topics) == {name for name in await probes.topics(infra.bootstrap) if MOVES in name}
    await refused(cli, ("district", "remove", STAYS, "--backup", str(made)), "is no backup of district 990182 alone")
    await refused(cli, ("restore", str(made)), "District 990181 is here already")
    await _must_be_as_it_was_put_aside(cli, client, remove)

    for command in ((*remove, "--yes"), drop):
        await cli.json(*command)
    assert (await everything(client, MOVES), await everything(client, STAYS)) == ({}, other)

    await cli.json("restore", str(made))
    assert (await everything(client, MOVES), await everything(client, STAYS)) == (before, other)
    assert await _said(infra) == [b"said"]
    await refused(cli, drop, "still wait: 1 for router, 1 for notifier")
    for command in ((*remove, "--yes"), drop):
        await cli.json(*command)


async def _say(infra: LocalStack) -> None:
    async with open_bus(infra.bootstrap) as bus:
        await bus.send(topic_name(MOVES, Topic.INCIDENTS), b"said", "k")


async def _said(infra: LocalStack) -> list[bytes | None]:
    async with open_bus(infra.bootstrap) as bus:
        return [one.value for one in await bus.read([topic_name(MOVES, Topic.INCIDENTS)], bool, 30)]


async def _must_be_as_it_was_put_aside(cli: Cli, client: Any, remove: tuple[str, ...]) -> None:
    """Try to remove what has changed since, then put it right again."""
    cases, one = client["gw_escalation"]["cases"], {"case_id": f"{MOVES}-260701-aaaaaaaa"}
    await cases.update_one(one, {"$set": {"n": 2}})
    await refused(cli, (*remove, "--yes"), "1 documents of gw_escalation.cases are not as they were put aside")
    await cases.update_one(one, {"$set": {"n": 1}})


async def test_a_district_whose_persons_cannot_be_reached_there_is_not_let_in(
    infra: LocalStack, client: Any, tmp_path: Path
) -> None:
    """Without the key, and with another one of the same name."""
    here, other = (_keys(tmp_path / name, secret) for name, secret in (("here", b"a"), ("other", b"b")))
    mine = {"_id": f"{MOVES}-260701-aaaaaaaa/gw_intake/vault"}
    sealed = Vault.load(here).seal(b"{}", mine["_id"])
    await client["gw_intake"]["vault"].update_one(mine, {"$set": {"key": "moved-1", "sealed": sealed}})
    cli, made = Cli(infra.bootstrap, {"GW_MONGO_URL": infra.mongo_url}), str(tmp_path / "made")
    await cli.json("backup", made, "--district", MOVES)
    await cli.json("district", "remove", MOVES, "--backup", made, "--yes")
    await refused(cli, ("restore", made), "sealed under moved-1, which GW_VAULT_KEYS_FILE does not name here")
    await refused(cli, ("restore", made, "--file", str(other)), "moved-1 is the name of another key here")
    assert not await everything(client, MOVES)
    await cli.json("restore", made, "--file", str(here))
    assert set(await everything(client, MOVES)) == set(of_district(MOVES))


def _keys(file: Path, secret: bytes) -> Path:
    file.write_text(f"moved-1 {b64encode(secret * 32).decode()}\n", encoding="utf-8")
    return file


async def test_what_might_be_of_the_district_is_not_left_behind(infra: LocalStack, client: Any, tmp_path: Path) -> None:
    """A report that nobody has located yet, and a collection that nobody has said whose it is."""
    cli, unlocated = Cli(infra.bootstrap, {"GW_MONGO_URL": infra.mongo_url}), inbound_name(UNLOCATED, "mover")
    backup = ("backup", str(tmp_path / "made"), "--district", MOVES)
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(unlocated)
        await bus.send(unlocated, b"{}", "k")
    await refused(cli, backup, "1 records without a district wait for intake, and may be of 990181")
    async with admin(infra.bootstrap) as broker:
        await broker.delete_topics([unlocated])
    await client["gw_router"]["novel"].insert_one({"district": MOVES})
    await refused(cli, backup, "Whose the documents of gw_router.novel are is not known")
    await client["gw_router"].drop_collection("novel")
    await cli.json(*backup)


async def test_everything_that_the_services_keep_is_somebody_s(stack: LocalStack, tmp_path: Path) -> None:
    """Of every collection that a whole system has, the copy of a district holds what names it, and nothing else."""
    made, district, other = tmp_path / "made", "620802", b"620171"
    cli = Cli(stack.bootstrap, stack.env)
    await refused(cli, ("backup", str(made), "--district", district), "Services run here: intake")
    await cli.json("backup", str(made), "--district", district, "--while-running")
    saved = {(one.database, one.name): made / one.file for one in Manifest.read(made).collections}
    client: Any = connect(stack.mongo_url)
    for base in DATABASES:
        for name in set(await client[base].list_collection_names()) - {KEYS}:
            mine = [bytes(one.raw) for one in documents(saved[base, name])]
            assert all(district.encode() in one for one in mine), name
            assert not [one for one in mine if other in one and name != "profiles"], name
    client.close()

"""`gridwhistle doctor` on the whole system: well, then with one thing after the other broken on purpose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from bson import Binary

from deploy.doctor.indexes import INDEXES
from deploy.kafka.protocol import SetTopicConfigs
from deploy.local import LocalStack
from shared.contracts.topics import inbound_name, topic_name
from shared.infra.clock import wall_clock
from shared.infra.mongo import connect
from tests.support.bus import open_bus, until
from tests.support.cli import Cli

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "620171"
NOBODY = "990171"
GONE, WIDE = topic_name(DISTRICT, "notifications"), inbound_name(DISTRICT, "housing")
SHORT = topic_name(DISTRICT, "cases")

Findings = dict[str, list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Ward:
    """The stack, and a hand in its broker and database."""

    stack: LocalStack
    admin: AIOKafkaAdminClient
    client: Any

    async def examined(self, *more: str) -> Findings:
        """Run the command; return what it found, by what was looked at."""
        cli = Cli(self.stack.bootstrap, self.stack.env)
        named = [f"--service={name}={component.url}" for name, component in self.stack.replicas()]
        result = await cli.run("doctor", "--json", *named, *more)
        assert result.exit_code in {0, 1}, result.output
        told = json.loads(result.stdout)
        found: Findings = {}
        for one in told["findings"]:
            found.setdefault(one["check"], []).append(one)
        assert (result.exit_code == 0) == told["ok"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ward(stack: LocalStack) -> AsyncIterator[Ward]:
    """Give the stack with hands in it."""
    admin, client = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap), connect(stack.mongo_url)
    await admin.start()
    try:
        yield Ward(stack, admin, client)
    finally:
        await admin.close()
        client.close()


def bad(found: Findings, check: str) -> str:
    """Return what is said and advised of one check, none of it being well."""
    told = [one for one in found[check] if one["verdict"] in {"warning", "failure"}]
    return " ".join(f"{one['said']} -> {one['advice']}" for one in told)


async def test_a_system_that_is_well_is_said_to_be(ward: Ward) -> None:
    """Every look is made, and the list of indexes is neither too short nor too long."""
    found = await ward.examined()
    verdicts = {check: {one["verdict"] for one in told} for check, told in found.items()}
    looked = {"indexes", "services", "clocks", "outboxes", "claims", "open cases", "certificates", "access lists"}
    assert {verdict for check in looked for verdict in verdicts[check]} == {"ok", "skipped"}
    # Other tests may have left profiles of districts that have no topics.
    assert not [check for check in ("topics", "topic settings", "profiles") if DISTRICT in bad(found, check)]
    assert all(one["advice"] for told in found.values() for one in told if one["verdict"] != "ok")
    there = {
        (database, name): {index["name"] async for index in ward.client[database][name].list_indexes()} - {"_id_"}
        for database, name in INDEXES
    }
    assert there == {place: set(names) for place, names in INDEXES.items()}


@asynccontextmanager
async def broken_topics(ward: Ward) -> AsyncIterator[None]:
    """Take one away, give one more partitions, and keep one for a minute only."""
    await ward.admin.delete_topics([GONE])
    await ward.admin.create_partitions({WIDE: NewPartitions(3)})
    await ward.admin._send_request(SetTopicConfigs({SHORT: {"retention.ms": "60000"}}))
    try:
        yield
    finally:
        await ward.admin.delete_topics([WIDE])
        await until(lambda: _made_again(ward), what="the topics made again")


async def _made_again(ward: Ward) -> bool:
    applied = await Cli(ward.stack.bootstrap, ward.stack.env).json("topics", "apply", "--district", DISTRICT)
    partitions = {one["name"]: one["partitions"] for one in applied["topics"]}
    return {one["state"] for one in applied["topics"]} == {"existing"} and partitions[WIDE] == 1


@asynccontextmanager
async def broken_database(ward: Ward) -> AsyncIterator[None]:
    """Drop an index, and leave a profile that is none, an outbox that nobody empties and a claim from the future."""
    now, past = wall_clock(), wall_clock() - timedelta(days=1)
    profile = {"_id": f"{NOBODY}@1", "district": NOBODY, "version": 1, "body": Binary(b"")}
    left: dict[tuple[str, str], dict[str, Any]] = {
        ("gw_directory", "profiles"): {**profile, "applied_at": now, "sha256": ""},
        ("gw_router", "cases"): {"_id": "stuck", "v": 1, "ids": [], "outbox": [], "saved_at": past},
        ("gw_notifier", "notices"): {"_id": "claimed", "v": 1, "due": past, "lease": now + timedelta(hours=3)},
    }
    cases = ward.client["gw_router"]["cases"]
    await cases.drop_index("links_1")
    for (database, name), document in left.items():
        await ward.client[database][name].insert_one(document)
    try:
        yield
    finally:
        for (database, name), document in left.items():
            await ward.client[database][name].delete_one({"_id": document["_id"]})
        await cases.create_index("links", partialFilterExpression={"links": {"$exists": True}})


async def test_each_thing_that_is_broken_is_named_with_what_to_do(ward: Ward) -> None:
    """Topic, partitions, setting, index, profile, outbox, claim, clock: all at once, each with its own advice."""
    async with broken_topics(ward), broken_database(ward), wrong_clock() as url:
        found = await ward.examined(f"--service=router={url}")
    assert f"{GONE}. -> gridwhistle topics apply --district {DISTRICT}" in bad(found, "topics")
    assert f"{WIDE} has 3 partitions; planned are 1" in bad(found, "topics")
    assert f"{SHORT} has retention.ms=60000. -> gridwhistle topics apply" in bad(found, "topic settings")
    assert "gw_router.cases has no index links_1" in bad(found, "indexes")
    assert "Start router anew" in bad(found, "indexes")
    assert f"Version 1 of {NOBODY} cannot be read" in bad(found, "profiles")
    assert "has 7. -> See why in the log of router" in bad(found, "profiles")
    assert "gw_router.cases hold events that nobody has been told. -> Start router" in bad(found, "outboxes")
    assert "gw_notifier.notices are claimed for more than 10 minutes. -> A machine whose clock" in bad(found, "claims")
    assert "claimed of gw_notifier.notices has been due" in bad(found, "what is due")
    assert "s ahead of this machine. -> Let every machine keep its time by NTP" in bad(found, "clocks")


@asynccontextmanager
async def wrong_clock() -> AsyncIterator[str]:
    """Give the address of a router that is ten minutes ahead, and has a profile that nobody has applied."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        date = format_datetime(wall_clock() + timedelta(minutes=10), usegmt=True)
        body = f'gridwhistle_router_profile_version{{district="{DISTRICT}"}} 7\n'.encode()
        head = f"HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_service_that_is_down_is_named_and_so_is_what_waits_for_it(ward: Ward) -> None:
    """By its address and by its group; and that nobody reads what it should read."""
    notifier = ward.stack.service("notifier")
    await notifier.stop()
    try:
        async with open_bus(ward.stack.bootstrap) as bus:
            await bus.send(topic_name(DISTRICT, "cases"), b"{}", "somebody")
        found = await ward.examined(f"--service=notifier={notifier.url}")
    finally:
        await notifier.start()
    assert f"Nothing at {notifier.url}" in bad(found, "notifier answers")
    assert "Nobody is in the group notifier" in bad(found, "notifier reads")
    assert "1 records wait. -> Start it (gridwhistle run notifier)" in bad(found, "notifier reads")

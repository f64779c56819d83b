"""A running intake with two districts of its own, and the hands of its partners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import LocalStack
from shared.contracts.base import format_instant
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.kafka import DEAD_LETTER_BYTES
from shared.infra.mongo import connect
from shared.infra.sealed_records import opened
from shared.infra.vault import Vault
from tests.support.bus import Bus, data, open_bus
from tests.unit.intake.world import profile, report, to_json

D, E = "930001", "930002"
WEST = {D: 101.0, E: 101.5}


PARTNERS = ("grid-app", "hotline", "camera", "police", "housing", "centre", "gateway", "stranger")


ROOMY = {"max.message.bytes": str(DEAD_LETTER_BYTES)}


KEYS = {"app": ("grid-app", D), "housing": ("housing", D), "line": ("hotline", "*"), "gone": ("stranger", D)}


@dataclass(slots=True)
class World:
    """A running intake, its bus, its database and its HTTP address."""

    bus: Bus
    url: str
    database: Any
    secrets: Path

    async def send(self, content: Any, partner: str = "grid-app", district: str = D, headers: Any = ()) -> None:
        """Send a record as a partner (bytes as they are)."""
        value = content if isinstance(content, bytes) or content is None else to_json(content)
        await self.bus.send(inbound_name(district, partner), value, "k", headers)

    async def heard(
        self, suffix: Topic, number: int, wanted: Callable[[dict[str, Any]], bool], district: str = D
    ) -> list[ConsumerRecord]:
        """Wait until a topic of a district has so many records that are wanted; return those."""

        def found(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            return [one for one in records if wanted(data(one))]

        topic = topic_name(district, suffix)
        return found(await self.bus.read([topic], lambda records: len(found(records)) >= number))

    async def told(self, report_id: str, district: str = D) -> ConsumerRecord:
        """Wait for the event of a report."""
        return (await self.heard(Topic.INCIDENTS, 1, lambda event: event["report_id"] == report_id, district))[0]

    async def refused(self, marker: str, district: str = D) -> dict[str, Any]:
        """Wait for the dead letter of a record that held some text."""
        topic = topic_name(district, Topic.DEAD_LETTERS)

        def found(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
            letters = (data(one) for one in records)
            return [one for one in letters if marker in self.original(one)]

        return found(await self.bus.read([topic], lambda records: bool(found(records))))[0]

    def original(self, letter: dict[str, Any]) -> str:
        """Return what was refused; it is sealed in its letter."""
        told = RecordRejected.model_validate(letter)
        if not told.original_value:
            return ""
        vault = Vault.load(self.secrets / "vault.keys")
        found = opened(vault, told.origin_topic, told.original_value, told.original_headers)
        return found.value.decode(errors="replace")


def near(report_id: str, **more: Any) -> dict[str, Any]:
    """Return a report of just now in the first district, by default without a position."""
    fields = {"report_id": report_id, "occurred_at": format_instant(wall_clock()), "location": {"address": "不详"}}
    return report(**{**fields, **more})


def at(lon: float, lat: float = 35.545, district: str = D) -> dict[str, Any]:
    """Return a position relative to a district's western edge."""
    return {"lon": WEST[district] + lon, "lat": lat, "datum": "wgs84"}


async def create_topics(bus: Bus) -> None:
    """Create what `topics apply` would."""
    names = [topic_name(district, suffix) for district in (D, E) for suffix in (Topic.INCIDENTS, Topic.COMMANDS)]
    names += [inbound_name(district, partner) for district in (D, E) for partner in PARTNERS]
    await bus.create(*names, inbound_name("000000", "hotline"), inbound_name("000000", "grid-app"))
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.bootstrap)
    await admin.start()
    try:
        letters = (topic_name(district, Topic.DEAD_LETTERS) for district in (D, E, "000000"))
        await admin.create_topics([NewTopic(name, 3, 1, topic_configs=ROOMY) for name in letters])
    finally:
        await admin.close()


async def apply_profiles(mongo_url: str) -> None:
    """Apply both districts, as the command line would."""
    store = ProfileStore(connect(mongo_url)[DATABASE])
    for district, west in WEST.items():
        await store.apply(profile(district, west, f"试验{district[-1]}区"), wall_clock())


def _write_keys(path: Path) -> None:
    lines = [f"{who} {district} {sha256(key.encode()).hexdigest()}\n" for key, (who, district) in KEYS.items()]
    path.write_text("".join(lines))


@asynccontextmanager
async def running(infra: LocalStack, keys: Path) -> AsyncIterator[World]:
    """Run an intake for the two districts, with a file of keys for HTTP."""
    _write_keys(keys)
    async with open_bus(infra.bootstrap) as bus:
        await create_topics(bus)
        await apply_profiles(infra.mongo_url)
        env = {"GW_DISTRICTS": f"{D},{E}", "GW_HTTP_KEYS_FILE": str(keys), "GW_HTTP_BURST": "20"}
        intake = await infra.add_replica("intake", env)
        try:
            yield World(bus, intake.url, connect(infra.mongo_url)["gw_intake"], infra.config.secrets)
        finally:
            await intake.stop()

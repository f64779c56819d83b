"""Somebody who speaks for router and partners to running replicas of escalation, and hears what they say."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from deploy.local.component import Component
from shared.contracts.base import Event
from shared.contracts.ids import case_id, event_id
from shared.infra.clock import ScaledClock
from tests.support.bus import Bus, data, free_port, header
from tests.unit.escalation.world import World

DISTRICT = "970001"
START = datetime(2026, 7, 1, 1, tzinfo=UTC)
RATE = 1_000.0
"""Half an hour of domain time passes in less than two seconds."""


class Story(World):
    """A case whose events are collected instead of decided, at the time of a clock."""

    district = DISTRICT

    def __init__(self, clock: ScaledClock, number: int) -> None:
        super().__init__()
        self.time = clock
        self.case_id = case_id(DISTRICT, START.date(), "grid-app", f"E-{number:04}")
        self.told: list[Event] = []

    def apply(self, event: Any) -> list[Event]:
        """Collect."""
        self.told.append(event)
        return []

    def event(self, kind: type[Any], occurred: str | None = None, **fields: Any) -> Any:
        """Return an event of this moment."""
        self.now = self.time.now()
        return super().event(kind, occurred, **fields)


@dataclass(slots=True)
class Desk:
    """Running replicas, and somebody who speaks for router and partners."""

    bus: Bus
    clock: ScaledClock
    replicas: list[Component]
    database: Any
    pings: list[float]
    stories: int = 0
    sent: int = field(default=0)

    def story(self) -> Story:
        """Begin another case."""
        self.stories += 1
        return Story(self.clock, self.stories)

    async def tell(self, story: Story) -> None:
        """Put what has been collected on the bus."""
        told, story.told = story.told, []
        for event in told:
            self.sent += 1
            await self.bus.emit(event, event_id(f"test_escalation/{self.sent}", 0))

    async def until_said(self, story: Story, *types: str) -> list[ConsumerRecord]:
        """Wait for events about a case; return all that was said about it, in order, each once."""

        def about(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            first: dict[str, ConsumerRecord] = {}
            for one in records:
                if one.key == story.case_id.encode():
                    first.setdefault(header(one, "ce_id"), one)
            return list(first.values())

        def enough(records: list[ConsumerRecord]) -> bool:
            return not Counter(types) - Counter(map(short, about(records)))

        return about(await self.bus.read([f"gw.{DISTRICT}.escalations"], enough))

    async def letters(self, story: Story, count: int) -> list[str]:
        """Wait for so many dead letters of a case; return their errors."""

        def about(records: list[ConsumerRecord]) -> list[str]:
            return [str(data(one)["error"]) for one in records if one.key == story.case_id.encode()]

        records = await self.bus.read([f"gw.{DISTRICT}.dead-letters"], lambda read: len(about(read)) >= count)
        return about(records)

    async def document(self, story: Story) -> dict[str, Any]:
        """Return a case as it is stored."""
        return await self.database["cases"].find_one({"_id": story.case_id}) or {}

    async def metrics(self, name: str) -> dict[str, float]:
        """Return the series whose name begins so, added up over the replicas."""
        total: Counter[str] = Counter()
        for replica in self.replicas:
            pairs = [line.rsplit(" ", 1) for line in (await exposition(replica)).splitlines() if line[0] != "#"]
            total.update({key: float(value) for key, value in pairs})
        return {key: value for key, value in total.items() if key.startswith(name)}


async def exposition(component: Component) -> str:
    """Return /metrics as Prometheus reads it."""

    def fetch() -> str:
        with urllib.request.urlopen(f"{component.url}/metrics", timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())

    return await asyncio.to_thread(fetch)


def short(record: ConsumerRecord) -> str:
    """Return `clock.started` of a record."""
    return header(record, "ce_type").removeprefix("gridwhistle.").removesuffix(".v1")


def shorts(records: list[ConsumerRecord], *without: str) -> list[str]:
    """Return the short types, without some."""
    return [short(one) for one in records if short(one) not in without]


@asynccontextmanager
async def switch(pings: list[float]) -> AsyncIterator[str]:
    """Run a dead man's switch that notes when it is pressed; give its address."""

    async def pressed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        pings.append(asyncio.get_running_loop().time())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    port = free_port()
    server = await asyncio.start_server(pressed, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{port}/ping"

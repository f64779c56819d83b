"""The people of the drill: who reports at a steady pace, and departments that take on every second task."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import Clock, wall_clock
from tests.support.bus import Bus, data, header
from tests.unit.intake.world import to_json

DISTRICT = "620802"
LON, LAT = 106.6651, 35.5428
KINDS = ("E06010", "E05009", "E06017")
EVIDENCE = [{"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}]

Event = dict[str, Any]


@dataclass(slots=True)
class Office:
    """Speaks for partners over Kafka; `sent` says when the broker had acknowledged each report.

    `first` is the number of the first report: each number has a place of its own, or reports would be merged.
    """

    bus: Bus
    clock: Clock
    run: str
    first: int = 0
    sent: dict[str, datetime] = field(default_factory=dict)
    district: str = DISTRICT
    around: tuple[float, float] = (LON, LAT)
    patience: float = 90

    async def report(self) -> str:
        """Send a report that nobody has sent; return its id."""
        number = self.first + len(self.sent)
        id_ = f"{self.run}-{number}"
        lon, lat = self.around
        place = {"lon": lon + number % 97 * 0.0011, "lat": lat + number // 97 * 0.0011, "datum": "wgs84"}
        said = {
            "report_id": id_,
            "category": KINDS[number % len(KINDS)],
            "text": f"第{number}号情况",
            "location": place,
            "reporter": {"name": "值班员", "phone": "13800000000"},
            "occurred_at": format_instant(self.clock.now()),
        }
        await self.bus.send(inbound_name(self.district, "grid-app"), to_json(said), id_)
        self.sent[id_] = wall_clock()
        return id_

    async def nonsense(self) -> None:
        """Send what nobody can read, as the first record of each partition."""
        name = inbound_name(self.district, "grid-app")
        for partition in await self.bus.producer.partitions_for(name):
            await self.bus.producer.send_and_wait(name, b"{", partition=partition)

    async def steadily(self, per_second: float) -> None:
        """Report for ever."""
        while True:
            await self.report()
            await asyncio.sleep(1 / per_second)

    async def command(self, partner: str, type_: str, case_id: str, **fields: Any) -> None:
        """Give a bare command, which has no id of its own."""
        common = {"type": type_, "case_id": case_id, "occurred_at": format_instant(self.clock.now())}
        await self.bus.send(inbound_name(self.district, partner), to_json({**common, **fields}), case_id)

    async def take_on(self) -> None:
        """Let departments accept every second task, for ever."""
        consumer = AIOKafkaConsumer(
            topic_name(self.district, Topic.CASES), bootstrap_servers=self.bus.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            async for record in consumer:
                for task in _of([record], "task.assigned", {}):
                    if taken_on(task["task_id"]):
                        await self.command(task["department"], "task.accept", task["case_id"], task_id=task["task_id"])
        finally:
            await consumer.stop()

    async def heard(self, topic: Topic, type_: str, number: int = 1, **wanted: Any) -> list[Event]:
        """Wait until so many events of a type have been said; return them all.

        Raises:
            TimeoutError: they have not.
        """
        name = topic_name(self.district, topic)

        def found(records: list[ConsumerRecord]) -> list[Event]:
            return list(_of(records, type_, wanted))

        return found(await self.bus.read([name], lambda records: len(found(records)) >= number, self.patience))


def taken_on(task_id: str) -> bool:
    """Say whether a department of the drill takes a task on."""
    return sum(task_id.encode()) % 2 == 0


def _of(records: list[ConsumerRecord], type_: str, wanted: Event) -> Iterator[Event]:
    for one in records:
        if header(one, "ce_type") == f"gridwhistle.{type_}.v1" and wanted.items() <= (said := data(one)).items():
            yield said

"""Ending services in full work: status 0 within the grace, everything settled, and the next replica goes on."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from deploy.local.config import FLOW
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import monotonic, wall_clock
from shared.infra.mongo import connect
from shared.infra.settings import ServiceSettings
from tests.support.bus import Bus, data, header, open_bus, until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.kafka]

DISTRICT = "620171"
REPORTS = 1_000
BUSY = 60
"""Records that a service has applied of the flood when it is told to end: enough to be in full work, far from all."""

SAID = [topic_name(DISTRICT, one) for one in (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS)]
EACH = ("case.opened", "task.assigned", "clock.started", "notice.queued")
GRACE = ServiceSettings.model_fields["stop_seconds"].default
_COUNT = re.compile(r'^gridwhistle_\w+_records_total\{outcome="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    name: str
    status: int | None
    seconds: float


async def counts(stack: LocalStack, name: str) -> dict[str, float]:
    """Return how many records a service's process says that it has dealt with, by outcome."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{stack.url(name)}/metrics")).text
    return {outcome: float(number) for outcome, number in _COUNT.findall(text)}


async def end(stack: LocalStack, name: str, before: float) -> Ended:
    """Tell a service to end once it works on the flood."""

    async def busy() -> bool:
        return (await counts(stack, name)).get("applied", 0) > before + BUSY

    await until(busy, 60, f"{name} to be in full work")
    process, begin = stack.service(name)._process, monotonic()
    assert await stack.service(name).stop(), f"{name} had to be killed"
    return Ended(name, process.returncode if process else None, monotonic() - begin)


async def flood(bus: Bus, folder: Path) -> set[str]:
    """Send all reports at once; return their ids."""
    ids = {f"{folder.name}-{number}" for number in range(REPORTS)}
    topic = inbound_name(DISTRICT, "grid-app")
    now = format_instant(wall_clock())
    sent = []
    for id_ in ids:
        report: dict[str, Any] = {"report_id": id_, "occurred_at": now, "category": "E06010", "text": f"第{id_}件"}
        sent.append(await bus.producer.send(topic, json.dumps(report, ensure_ascii=False).encode(), id_.encode()))
    await asyncio.gather(*sent)
    return ids


async def settled(stack: LocalStack, name: str) -> int:
    """Return how many outboxes of a service wait for somebody."""
    database = connect(stack.mongo_url)[f"gw_{name}"]
    names = await database.list_collection_names()
    return sum([await database[one].count_documents({"outbox": {"$exists": True}}) for one in names])


@dataclass(slots=True)
class Tale:
    """What the bus says of the reports with these ids."""

    ids: set[str]
    read: int = 0
    cases: set[str] = field(default_factory=set)
    about: dict[str, list[ConsumerRecord]] = field(default_factory=lambda: defaultdict(list))

    def is_whole(self, records: list[ConsumerRecord]) -> bool:
        """Say whether each has a case, the case a task and clocks, and somebody is to be told."""
        for record in records[self.read :]:
            kind = _kind(record)
            self.about[kind].append(record)
            if kind == "report.accepted" and data(record)["report_id"] in self.ids:
                self.cases.add(_case(record))
        self.read = len(records)
        return len(self.cases) == len(self.ids) and all(
            self.cases <= {_case(one) for one in self.about[kind]} for kind in EACH
        )

    def of(self, kind: str) -> list[ConsumerRecord]:
        """Return what was said of one kind about our cases."""
        return [one for one in self.about[kind] if _case(one) in self.cases]


def _kind(record: ConsumerRecord) -> str:
    return header(record, "ce_type").removeprefix("gridwhistle.").removesuffix(".v1")


def _case(record: ConsumerRecord) -> str:
    return header(record, "ce_correlationid")


async def test_services_told_to_end_in_full_work_leave_nothing_lost_and_nothing_twice(
    stack: LocalStack, tmp_path: Path
) -> None:
    """All four at once under a flood: status 0 in time, offsets and outboxes settled, and the next ones finish it."""
    before = {name: (await counts(stack, name)).get("applied", 0) for name in FLOW}
    async with open_bus(stack.bootstrap) as bus:
        tale = Tale(await flood(bus, tmp_path))
        try:
            ended = await asyncio.gather(*(end(stack, name, before[name]) for name in FLOW))
            left = {name: await settled(stack, name) for name in FLOW}
        finally:
            await asyncio.gather(*(stack.service(name).start() for name in FLOW))
        assert [(one.name, one.status) for one in ended] == [(name, 0) for name in FLOW]
        assert max(one.seconds for one in ended) < GRACE, ended
        assert left == dict.fromkeys(FLOW, 0)
        await bus.read(SAID, tale.is_whole, 120)
    assert len(tale.of("report.accepted")) == len(tale.of("case.opened")) == REPORTS
    ids = Counter(header(one, "ce_id") for kind in tale.about for one in tale.of(kind))
    assert [id_ for id_, times in ids.items() if times > 1] == []
    told = Counter(data(one)["notice_id"] for one in tale.of("notice.delivered"))
    assert [id_ for id_, times in told.items() if times > 1] == []
    assert {name: (await counts(stack, name)).get("duplicate", 0) for name in FLOW} == dict.fromkeys(FLOW, 0)

"""A router process of a test's own, and somebody who talks to it over the bus and reads what it says."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.contracts import commands as say
from shared.contracts.actors import Actor
from shared.contracts.base import Event
from shared.contracts.escalations import ClockBreached, ClockKind
from shared.contracts.ids import event_id, task_id
from shared.contracts.incidents import ReportAccepted
from shared.district.model import Profile
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.routing import PROFILE, report

START = datetime(2026, 7, 1, 1, tzinfo=UTC)
RATE = 1_800.0
"""Half an hour of domain time a second: what waits a quarter of an hour is seen in half a second."""


@dataclass(slots=True)
class Desk:
    """One running router, and somebody who talks to it over the bus."""

    bus: Bus
    clock: ScaledClock
    component: Component
    cases: Any
    district: str
    sent: int = 0

    async def give(self, event: Event, id_: str | None = None) -> str:
        """Put an event on its topic; return its id."""
        self.sent += 1
        name = id_ or event_id(f"test_router/{self.sent}", 0)
        await self.bus.emit(event, name)
        return name

    async def report(self, number: int, category: str | None = "E06010", **more: Any) -> str:
        """Report something; return the case's number."""
        event = self.accepted(number, category, **more)
        await self.give(event)
        return event.case_id

    def accepted(self, number: int, category: str | None = "E06010", **more: Any) -> ReportAccepted:
        """Return a report of this district."""
        made = report(category, number=number, at=self.clock.now())
        own = {"district": self.district, "case_id": self.district + made.case_id[6:], "profile_version": 1}
        return made.model_copy(update={**own, **more})

    async def say(self, kind: type[say.Command], case: str, actor: Actor, **fields: Any) -> None:
        """Give a command; `department` names its first task."""
        now = self.clock.now()
        if "department" in fields:
            fields["task_id"] = task_id(case, fields.pop("department"), 1)
        facts: dict[str, Any] = {"district": self.district, "case_id": case, "occurred_at": now, "recorded_at": now}
        await self.give(kind(**facts, actor=actor, **fields))

    async def breach(self, case: str, kind: ClockKind) -> None:
        """Say as escalation that a limit has passed."""
        now = self.clock.now()
        facts: dict[str, Any] = {"district": self.district, "case_id": case, "occurred_at": now, "recorded_at": now}
        await self.give(ClockBreached(**facts, clock_id="c", kind=kind, owner="centre", due_at=now, late_by=0))

    async def state(self, case: str) -> dict[str, Any]:
        """Return a case as it is stored."""
        document = await self.cases.find_one({"_id": case})
        return (document or {}).get("s") or {}

    async def until_state(self, case: str, state: str) -> dict[str, Any]:
        """Wait for a case to be in a state."""

        async def reached() -> dict[str, Any]:
            found = await self.state(case)
            return found if found.get("state") == state else {}

        found: dict[str, Any] = await until(reached, 30, f"{case} {state}")
        return found

    async def until_said(self, case: str, type_: str, times: int = 1) -> list[ConsumerRecord]:
        """Wait for an event of a case; return all that was said of the case, in order."""
        return await self._until(f"gw.{self.district}.cases", case, type_, times)

    async def _until(self, topic: str, case: str, type_: str, times: int) -> list[ConsumerRecord]:
        def about(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            return [one for one in records if one.key == case.encode()]

        def enough(records: list[ConsumerRecord]) -> bool:
            return sum(short(one) == type_ for one in about(records)) >= times

        return about(await self.bus.read([topic], enough))

    async def letter(self, case: str, error: str) -> dict[str, Any]:
        """Wait for a dead letter of a case with an error."""

        def found(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
            letters = [data(one) for one in records if one.key == case.encode()]
            return [one for one in letters if one["error"] == error]

        records = await self.bus.read([f"gw.{self.district}.dead-letters"], lambda read: bool(found(read)))
        return found(records)[-1]

    async def metrics(self) -> dict[str, float]:
        """Return what /metrics says, by series."""
        lines = (await self.exposition()).splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def exposition(self) -> str:
        """Return /metrics as Prometheus reads it."""

        def fetch() -> str:
            with urllib.request.urlopen(f"{self.component.url}/metrics", timeout=5) as answer:  # noqa: S310
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)


def short(record: ConsumerRecord) -> str:
    """Return `task.assigned` of a record."""
    return header(record, "ce_type").removeprefix("gridwhistle.").removesuffix(".v1")


@asynccontextmanager
async def running(
    infra: LocalStack, district: str, raw: Mapping[str, Any] = PROFILE, beside: Sequence[str] = (), **env: str
) -> AsyncIterator[Desk]:
    """Run one router for one district, on a clock that runs fast; and services `beside` it on the same clock."""
    client = connect(infra.mongo_url)
    profile = Profile.model_validate({**raw, "code": district, "version": 0})
    await ProfileStore(client[DATABASE]).apply(profile, START)
    clock = ScaledClock(START, wall_clock(), RATE)
    virtual = {
        "GW_DISTRICTS": district,
        "GW_MODE": "demo",
        **clock.settings(),
    }
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(f"gw.{district}.{suffix}" for suffix in ("incidents", "commands", "cases")))
        await bus.create(*(f"gw.{district}.{suffix}" for suffix in ("escalations", "dead-letters")))
        component, *others = [await infra.add_replica(name, {**virtual, **env}) for name in ("router", *beside)]
        try:
            yield Desk(bus, clock, component, client["gw_router"]["cases"], district)
        finally:
            for one in (*others, component):
                await one.stop()
            client.close()

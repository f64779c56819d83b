"""What keeps coming back, and closings in bulk, on running services: found, told once, answered, measured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.contracts.advisories import file_number
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus
from tests.support.stack import replicas_at_once
from tests.unit.escalation.district import profile

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "970134"
COMMUNITY = f"{DISTRICT}001001"
START = datetime(2026, 7, 1, 1, tzinfo=UTC)
RATE = 3_600.0
"""An hour of domain time is a second."""

CHANNELS = [{"channel": "file", "address": "duty-{code}"}]
PROFILE: dict[str, Any] = {
    "townships": [{"code": f"{DISTRICT}001", "name": "中山街道"}],
    "communities": [{"code": COMMUNITY, "name": "解放中路社区"}],
    "grids": [{"code": f"{COMMUNITY}001", "name": "第一网格"}],
    "default_duty": [{"role": "duty_officer", "person": "值班员", "channels": CHANNELS}],
    "partners": [{"id": "grid-app", "name": "网格员", "kind": "grid_app"}],
    "categories": [
        {"key": "E06010", "name": "暴露垃圾", "lead": "housing"},
        {"key": "E08001", "name": "道路积水", "lead": "civil"},
    ],
    "near_duplicates": {"enabled": False},
    "advisories": {
        "rules": [
            {"id": "subject", "by": "subject", "count": 3, "window": "12 hours", "kind": "judicial",
             "addressee": "housing", "reply": "2 clock_hours"},
            {"id": "cause", "by": "cause", "categories": ["E08*"], "count": 4, "window": "30 days",
             "kind": "police"},
        ]
    },
    "closings": {"count": 5, "window": "30 minutes"},
    "max_backdating": "48 hours",
}  # fmt: skip
SUFFIXES = ("in.grid-app", "in.centre", "in.housing", "in.civil", "incidents", "commands", "cases", "escalations",
            "notifications", "dead-letters")  # fmt: skip
Record = dict[str, Any]


@dataclass(slots=True)
class Town:
    """A district whose reports keep coming back."""

    bus: Bus
    clock: ScaledClock
    escalations: list[Component]
    sent: int = 0

    async def report(self, category: str = "E06010", **more: Any) -> None:
        """Report something, now."""
        self.sent += 1
        payload = {
            "report_id": f"r-{self.sent}",
            "category": category,
            "text": "又堵了",
            "location": {"grid": f"{COMMUNITY}001"},
            **more,
        }
        await self.bus.send(f"gw.{DISTRICT}.in.grid-app", json.dumps(payload).encode(), f"r-{self.sent}")

    async def say(self, partner: str, name: str, case: str, **fields: Any) -> None:
        """Give a command."""
        payload = {"type": name, "case_id": case, **fields}
        await self.bus.send(f"gw.{DISTRICT}.in.{partner}", json.dumps(payload).encode(), case)

    async def heard(
        self, name: str, wanted: Callable[[Record], bool], number: int = 1, topic: str = "escalations"
    ) -> list[Record]:
        """Wait for so many records of a type, each once."""

        def those(records: list[Any]) -> list[Record]:
            kind = f"gridwhistle.{name}.v1"
            found = {header(one, "ce_id"): data(one) for one in records if header(one, "ce_type") == kind}
            return [one for one in found.values() if wanted(one)]

        return those(await self.bus.read([f"gw.{DISTRICT}.{topic}"], lambda found: len(those(found)) >= number))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(infra: LocalStack) -> AsyncIterator[Town]:
    """Run everything, escalation twice where the broker bears it."""
    client = connect(infra.mongo_url)
    await ProfileStore(client[DATABASE]).apply(profile(code=DISTRICT, version=0, **PROFILE), START)
    clock = ScaledClock(START, wall_clock(), RATE)
    env = {
        "GW_MODE": "demo",
        **clock.settings(),
        "GW_DISTRICTS": DISTRICT,
    }
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(f"gw.{DISTRICT}.{suffix}" for suffix in SUFFIXES))
        names = ("intake", "router", "notifier", *["escalation"] * replicas_at_once())
        replicas = await asyncio.gather(*(infra.add_replica(name, env) for name in names))
        try:
            yield Town(bus, clock, replicas[3:])
        finally:
            await asyncio.gather(*(one.stop() for one in replicas if one.alive))
            client.close()


async def test_a_subject_that_keeps_coming_back_is_advised(town: Town) -> None:
    """Proposed once by all replicas, issued by a human and by nobody else, told to the addressee and the centre."""
    estate = {"kind": "estate", "name": "十里花园小区"}
    for _ in range(4):
        await town.report(subject=estate)
    (proposed,) = await town.heard("advisory.proposed", lambda one: one["rule"] == "subject")
    file = proposed["case_id"]
    assert proposed["subject"]["name"] == estate["name"]
    assert proposed["count"] >= 3
    assert file == file_number(DISTRICT, f"{DISTRICT}/subject/estate/{proposed['subject']['ref']}")

    await town.say("housing", "advisory.issue", file)
    await town.say("civil", "advisory.reply", file)
    await town.heard("record.rejected", lambda one: "was not issued" in one["message"], 1, "dead-letters")
    await town.say("centre", "advisory.issue", file, addressee="nobody")
    await town.say("centre", "advisory.issue", file)
    (issued,) = await town.heard("advisory.issued", lambda one: one["case_id"] == file)
    assert (issued["addressee"], issued["kind"], issued["by"]) == ("housing", "judicial", "centre")
    told = await town.heard("notice.queued", lambda one: one["step"] == "advisory_issued", 2, "notifications")
    assert {"housing/duty_officer", "centre/duty_officer"} <= {one["recipient"] for one in told}


async def test_an_advisory_is_answered(town: Town) -> None:
    """A reply that comes late is late."""
    (issued,) = await town.heard("advisory.issued", lambda one: one["rule"] == "subject")
    file = issued["case_id"]
    await town.heard("clock.breached", lambda one: one["case_id"] == file and one["kind"] == "reply")
    await town.heard("case.escalated", lambda one: one["case_id"] == file)
    await town.say("civil", "advisory.reply", file)
    await town.heard("record.rejected", lambda one: "Only housing" in one["message"], 1, "dead-letters")
    await town.say("housing", "advisory.reply", file, note="水泵已更换 电话13800000000")
    (replied,) = await town.heard("advisory.replied", lambda one: one["case_id"] == file)
    assert (replied["by"], replied["note"]) == ("housing", "水泵已更换 电话138****0000")
    (stopped,) = await town.heard("clock.stopped", lambda one: one["case_id"] == file)
    assert stopped["verdict"] == "late"
    letters = await town.heard("record.rejected", lambda _: True, 4, "dead-letters")
    assert sorted(one["error"] for one in letters) == [
        "forbidden", "forbidden", "illegal-transition", "unknown-department"
    ]  # fmt: skip


async def test_a_landlord_is_a_reference_from_the_report_to_the_notice(town: Town) -> None:
    """Nowhere on the bus is the name; the file is the same for the same name."""
    for name in ("张三丰", "张三丰 ", "张 三丰"):
        await town.report(subject={"kind": "landlord", "name": name}, text=f"房东{name.strip()}不修水管")
    (proposed,) = await town.heard("advisory.proposed", lambda one: one["subject"]["kind"] == "landlord")
    assert proposed["subject"]["name"] == ""
    await town.heard("notice.queued", lambda one: one["case_id"] == proposed["case_id"], 1, "notifications")
    topics = [f"gw.{DISTRICT}.{suffix}" for suffix in SUFFIXES if not suffix.startswith("in.")]
    everything = await town.bus.read(topics, lambda found: len(found) > 10)
    assert not [one for one in everything if "张三丰".encode() in (one.value or b"")]


async def test_a_cause_is_one_category_in_one_place_and_may_be_declined(town: Town) -> None:
    """Nothing is proposed again while the window lasts; a restarted escalation finds what it forgot."""
    for _ in range(3):
        await town.report("E08001")
    await town.heard("clock.started", lambda one: one["kind"] == "case" and one["owner"] == "civil", 3)
    await asyncio.gather(*(one.stop() for one in town.escalations))
    await asyncio.gather(*(one.start() for one in town.escalations))
    await town.report("E08001")
    (proposed,) = await town.heard("advisory.proposed", lambda one: one["rule"] == "cause")
    assert (proposed["category"], proposed["area"]) == ("E08001", COMMUNITY)
    assert (proposed["place"], proposed["addressee"], proposed["kind"]) == ("解放中路社区", "civil", "police")
    await town.say("centre", "advisory.decline", proposed["case_id"], reason="已另行约谈")
    await town.heard("advisory.declined", lambda one: one["case_id"] == proposed["case_id"])
    await town.report("E08001")
    await town.say("centre", "advisory.issue", proposed["case_id"])
    await town.heard("record.rejected", lambda one: "not proposed any more" in one["message"], 1, "dead-letters")
    found = await town.heard("advisory.proposed", lambda one: one["rule"] == "cause")
    assert len(found) == 1


async def test_closings_in_bulk_before_the_limit_are_flagged_once(town: Town) -> None:
    """Six tasks said to be done minutes before their limits, all at once; the centre is asked to look."""
    before = town.sent
    for _ in range(6):
        await town.report()
    mine = {f"r-{number}" for number in range(before + 1, town.sent + 1)}
    accepted = await town.heard("report.accepted", lambda one: one["report_id"] in mine, 6, "incidents")
    ids = {one["case_id"] for one in accepted}
    started = await town.heard("clock.started", lambda one: one["case_id"] in ids and one["kind"] == "handle", 6)
    await town.heard("clock.breached", lambda one: one["case_id"] in ids and one["kind"] == "handle", 6)
    for one in started:
        claimed = datetime.fromisoformat(one["due_at"]) - timedelta(minutes=3)
        fields = {"task_id": one["task_id"], "occurred_at": claimed.isoformat()}
        await town.say("housing", "task.complete", one["case_id"], **fields)
    (flagged,) = await town.heard("closings.flagged", lambda one: one["department"] == "housing")
    assert flagged["count"] >= 5
    assert set(flagged["cases"]) <= ids
    await town.heard("notice.queued", lambda one: one["step"].startswith("closings_flagged"), 1, "notifications")


async def test_an_advisory_is_measured(town: Town) -> None:
    """One window after the issue the reports are counted again; last, for meanwhile the window passes."""
    (measured,) = await town.heard("advisory.measured", lambda one: one["rule"] == "subject")
    assert 1 <= measured["before"] <= 4
    assert (measured["after"], measured["effect"]) == (0, "stopped")

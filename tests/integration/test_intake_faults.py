"""Intake killed between its steps: every report ends in exactly one case, told with one content, its contact kept."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from deploy.local import LocalStack, probes
from deploy.local.component import Component, Program
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, free_port, header, open_bus, until
from tests.unit.intake.world import profile, report, to_json

pytestmark = pytest.mark.asyncio(loop_scope="session")

POINTS = ["after:companions", "after:save"]
"""Where intake differs from what the engine's own tests kill: contacts without a state, first reports not yet told."""
REPORTS = 60
PLACES = 20


def process(infra: LocalStack, district: str, folder: Path, point: str | None = None) -> Component:
    """Return an intake of its own for one district, armed or not."""
    port = free_port()
    env = {**infra.env, "GW_MODE": "replay", "GW_DISTRICTS": district, "GW_HTTP_PORT": str(port)}
    if point:
        env["GW_FAULT_POINT"] = f"{point}@2:{folder / 'killed'}"
    log, probe = folder / "intake.log", probes.http(f"http://127.0.0.1:{port}/readyz")
    program = Program(f"intake-{district}", (sys.executable, "-m", "services.intake.main"), log, probe, port, env=env)
    return Component(program, folder)


async def prepare(infra: LocalStack, bus: Bus, district: str) -> None:
    """Create the district's topics and apply its profile."""
    suffixes = (Topic.INCIDENTS, Topic.COMMANDS, Topic.DEAD_LETTERS)
    await bus.create(*(topic_name(district, suffix) for suffix in suffixes), inbound_name(district, "grid-app"))
    west = 90.0 + int(district) % 100
    await ProfileStore(connect(infra.mongo_url)[DATABASE]).apply(
        profile(district, west, f"故障{district}"), wall_clock()
    )


def payload(number: int, district: str) -> bytes:
    """Return one report; every twentieth is at the same place and of the same matter."""
    west = 90.0 + int(district) % 100
    location = {"lon": west + 0.0005 + number % PLACES * 0.0009, "lat": 35.545, "datum": "wgs84"}
    return to_json(report(report_id=f"A-{number}", occurred_at=format_instant(wall_clock()), location=location))


async def flood(bus: Bus, district: str) -> None:
    """Send every report twice, in batches that arrive apart, so that the kill falls between some of them."""
    for number in range(REPORTS):
        sent = payload(number, district)
        for _ in range(2):
            await bus.send(inbound_name(district, "grid-app"), sent, f"A-{number}")
        if number % 10 == 9:
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("number", "point"), list(enumerate(POINTS)))
async def test_a_kill_loses_no_report_and_opens_no_case_twice(
    infra: LocalStack, tmp_path: Path, number: int, point: str
) -> None:
    """Accepted plus merged is what was sent; merged ones point at accepted ones; each event has one content."""
    district = f"93002{number}"
    async with open_bus(infra.bootstrap) as bus:
        await prepare(infra, bus, district)
        intake = process(infra, district, tmp_path, point)
        await intake.start()
        await flood(bus, district)
        await until(lambda: intake.died, 60, f"the kill at {point}")
        await intake.restart()
        topic = topic_name(district, Topic.INCIDENTS)
        records = await bus.read([topic], lambda seen: len({data(one)["report_id"] for one in seen}) == REPORTS)
        reports = connect(infra.mongo_url)["gw_intake"]["reports"]
        settled = {"_id": {"$regex": f"^{district}/"}, "s.duplicates": 1, "outbox": {"$exists": False}}

        async def all_settled() -> bool:
            return await reports.count_documents(settled) == REPORTS

        await until(all_settled, what="every report to have met its double")
        records = await bus.read([topic], lambda seen: len(seen) >= len(records))
        assert await intake.stop()
    check_events(records)
    await check_vault(infra, [data(one) for one in records])


def check_events(records: list[Any]) -> None:
    """Check what was told."""
    contents: dict[str, set[bytes]] = defaultdict(set)
    for one in records:
        contents[header(one, "ce_id")].add(one.value)
    assert all(len(values) == 1 for values in contents.values())
    assert len(contents) == REPORTS
    accepted = {data(one)["case_id"] for one in records if header(one, "ce_type").endswith("accepted.v1")}
    merged = [data(one) for one in records if header(one, "ce_type").endswith("merged.v1")]
    assert merged, "there are near-duplicates"
    assert {event["case_id"] for event in merged} <= accepted
    assert len(accepted) + len({event["report_id"] for event in merged}) == REPORTS


async def check_vault(infra: LocalStack, events: list[dict[str, Any]]) -> None:
    """Every reporter that was told of is in the vault."""
    references = {event["reporter_ref"] for event in events}
    vault = connect(infra.mongo_url)["gw_intake"]["vault"]
    assert await vault.count_documents({"_id": {"$in": list(references)}}) == len(references)


def send_with_hostile_header(bootstrap: str, topic: str, value: bytes) -> None:
    """Send a record one of whose headers has a name that is no UTF-8."""
    kcat: list[str | bytes] = ["kcat", "-P", "-b", bootstrap, "-t", topic, "-H", b"\xff\xfe=1"]
    subprocess.run(kcat, input=value, capture_output=True, check=True)


@pytest.mark.kafka
@pytest.mark.skipif(
    shutil.which("kcat") is None, reason="needs kcat: aiokafka cannot send a header name that is no text"
)
async def test_a_header_name_that_is_no_text_stops_nothing(infra: LocalStack, tmp_path: Path) -> None:
    """Without tolerance one such record would take down the consumer of every topic, again after each restart."""
    district = "930030"
    async with open_bus(infra.bootstrap) as bus:
        await prepare(infra, bus, district)
        intake = process(infra, district, tmp_path)
        await intake.start()
        topic = inbound_name(district, "grid-app")
        await bus.send(topic, payload(0, district), "A-0")
        await asyncio.to_thread(send_with_hostile_header, infra.bootstrap, topic, payload(1, district))
        await bus.send(topic, payload(2, district), "A-2")
        told = topic_name(district, Topic.INCIDENTS)
        records = await bus.read([told], lambda seen: len({data(one)["report_id"] for one in seen}) == 3)
        assert {data(one)["report_id"] for one in records} == {"A-0", "A-1", "A-2"}
        assert await intake.stop()

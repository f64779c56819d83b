"""Escalation as processes of its own, two on Apache Kafka, on a real broker and database, with time running fast."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import data, header, open_bus, until
from tests.support.escalation import DISTRICT, RATE, START, Desk, Story, exposition, short, shorts, switch
from tests.support.stack import replicas_at_once
from tests.unit.escalation.district import profile

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(infra: LocalStack) -> AsyncIterator[Desk]:
    """Run as many replicas as the broker bears for one district, on a clock that runs fast."""
    client = connect(infra.mongo_url)
    version = await ProfileStore(client[DATABASE]).apply(profile(code=DISTRICT, version=0), START)
    assert version.version == 1
    clock = ScaledClock(START, wall_clock(), RATE)
    pings: list[float] = []
    async with open_bus(infra.bootstrap) as bus, switch(pings) as url:
        await bus.create(
            *(f"gw.{DISTRICT}.{suffix}" for suffix in ("cases", "commands", "escalations", "dead-letters"))
        )
        env = {
            "GW_DISTRICTS": DISTRICT,
            "GW_MODE": "demo",
            **clock.settings(),
            "GW_AUDIT_SECONDS": "0.5",
            "GW_DEADMAN_URL": url,
        }
        replicas = [await infra.add_replica("escalation", env) for _ in range(replicas_at_once())]
        try:
            yield Desk(bus, clock, replicas, client["gw_escalation"], pings)
        finally:
            for replica in replicas:
                if replica.alive:
                    await replica.stop()
            client.close()


def opened(story: Story, **fields: Any) -> Story:
    """Open a case under the profile version of this database, and give the lead its task."""
    story.opened(profile_version=1, **fields)
    story.assigned()
    return story


async def test_a_limit_that_passes_is_said_in_order_and_once(desk: Desk) -> None:
    """Started, warned twice, breached, risen; the late acceptance stops it; every event names its case."""
    story = opened(desk.story())
    await desk.tell(story)
    await desk.until_said(story, "clock.breached")
    story.accepted()
    await desk.tell(story)
    records = await desk.until_said(story, "clock.stopped")
    accept = [one for one in records if data(one).get("clock_id", "").endswith("accept")]
    assert shorts(accept) == [
        "clock.started",
        "clock.warned",
        "clock.warned",
        "clock.breached",
        "case.escalated",
        "clock.stopped",
    ]
    assert [data(one)["fraction"] for one in accept[1:3]] == [0.5, 0.8]
    assert data(accept[-1])["verdict"] == "late"
    assert data(accept[3])["occurred_at"] == data(accept[3])["due_at"]
    assert {header(one, "ce_correlationid") for one in records} == {story.case_id}


async def test_a_whistle_from_summons_to_stand_down(desk: Desk) -> None:
    """Two of three answer and come; what is not right is a dead letter with its reason; the lead sends all home."""
    story = opened(desk.story())
    story.whistle("housing", "civil", "police", muster_within_minutes=600)
    await desk.tell(story)
    await desk.until_said(story, "team.summoned")
    story.answer("civil")
    story.whistle("navy")
    story.check_in("housing", lat=35.6)
    story.check_in("emergency", nonce="nobody-called-us")
    story.check_in("housing", nonce="0123456789")
    story.check_in("civil", nonce="0123456789")
    story.substitute("civil", by="@community")
    story.check_in("jiefang")
    await desk.tell(story)
    await desk.until_said(story, "team.on-scene")
    story.completed()
    await desk.tell(story)
    records = await desk.until_said(story, "team.stood-down")
    team = [one for one in records if short(one).startswith("team.")]
    assert shorts(team) == [
        *("team.summoned", "team.answered", "team.checked-in", "team.substituted", "team.checked-in"),
        *("team.on-scene", "team.stood-down"),
    ]
    assert data(team[5])["present"] == ["housing", "jiefang"]
    assert sorted(await desk.letters(story, 4)) == [
        *("not-a-member", "outside-geofence", "replayed-check-in", "unknown-department"),
    ]


async def test_a_muster_that_fails_is_repeated_and_raises_the_case(desk: Desk) -> None:
    """Nobody comes: absent, failed, a second round, failed again."""
    story = desk.story()
    story.opened(profile_version=1, limits=(), joint=True, assists=("civil",))
    await desk.tell(story)
    records = await desk.until_said(story, "team.muster-failed", "team.muster-failed")
    team = [one for one in records if short(one).startswith("team.")]
    assert shorts(team) == [*("team.summoned", "team.absent", "team.absent", "team.muster-failed") * 2]
    assert [data(one)["level"] for one in records if short(one) == "case.escalated"] == [1, 2]


async def test_replicas_sweeping_decide_everything_once(desk: Desk) -> None:
    """Sixty cases due at the same moment: each clock breaches under one id, with one content, and is counted once.

    A copy of a record may be published twice, when a sweep meets a case whose last events are just being sent.
    """
    before = await desk.metrics("gridwhistle_escalation_breaches_total")
    stories = [opened(desk.story(), limits=()) for _ in range(60)]
    for story in stories:
        await desk.tell(story)
    ids = {story.case_id.encode() for story in stories}

    def breaches(records: list[ConsumerRecord]) -> dict[str, set[bytes]]:
        found: dict[str, set[bytes]] = {}
        for one in records:
            if one.key in ids and short(one) == "clock.breached":
                found.setdefault(header(one, "ce_id"), set()).add(one.value)
        return found

    records = await desk.bus.read([f"gw.{DISTRICT}.escalations"], lambda read: len(breaches(read)) >= len(stories))
    contents = [value for values in breaches(records).values() for value in values]
    assert len(contents) == len(breaches(records)) == len(stories)
    assert len({json.loads(value)["clock_id"] for value in contents}) == len(stories)
    after = await desk.metrics("gridwhistle_escalation_breaches_total")
    series = f'gridwhistle_escalation_breaches_total{{department="housing",district="{DISTRICT}",kind="accept"}}'
    assert after[series] - before.get(series, 0) == len(stories)


async def test_an_outage_ends_as_if_there_had_been_none(desk: Desk) -> None:
    """All replicas are killed; meanwhile a task is accepted in time and its limit passes: nobody is called late."""
    story = opened(desk.story(), limits=())
    await desk.tell(story)
    await desk.until_said(story, "clock.started", "clock.started")
    for replica in desk.replicas:
        replica.kill()
    story.accepted()
    due = desk.clock.now() + timedelta(minutes=45)
    await desk.tell(story)
    await until(lambda: desk.clock.now() > due, 30, "the limit")
    await asyncio.gather(*(replica.restart() for replica in desk.replicas))
    records = await desk.until_said(story, "clock.stopped")
    accept = [one for one in records if data(one).get("clock_id", "").endswith("accept")]
    assert "clock.breached" not in shorts(accept)
    assert data(accept[-1])["verdict"] == "on_time"


async def test_the_audit_presses_the_switch_only_when_no_open_case_is_forgotten(desk: Desk) -> None:
    """By an indexed count; a case that nothing will ever happen to is found, and the switch stays silent."""
    pressed = len(desk.pings)
    await until(lambda: len(desk.pings) > pressed, 30, "the switch")
    cases = desk.database["cases"]
    forgotten = {"_id": f"{DISTRICT}-260701-aaaaaaaa", "v": 1, "open": True}
    await cases.insert_one(forgotten)
    try:
        await until(_metric(desk, "gridwhistle_escalation_unwatched_cases", len(desk.replicas)), 30, "all audits")
        pressed, audited = len(desk.pings), await desk.metrics("gridwhistle_escalation_audit_timestamp_seconds")
        failed = [failures(replica) for replica in desk.replicas]
        await until(lambda: all(failures(one) > before for one, before in zip(desk.replicas, failed, strict=True)))
        assert len(desk.pings) == pressed
        assert await desk.metrics("gridwhistle_escalation_audit_timestamp_seconds") == audited
    finally:
        await cases.delete_one({"_id": forgotten["_id"]})
    await until(lambda: len(desk.pings) > pressed, 30, "the switch again")
    query = {"find": "cases", "filter": {"open": True, "due": None}, "hint": "open_due"}
    plan = await desk.database.command("explain", query, verbosity="executionStats")
    assert plan["executionStats"]["totalKeysExamined"] <= 2


def failures(component: Component) -> int:
    """Return how many audits of a replica have failed, by its log."""
    return component.program.log.read_text().count("audit_failed")


def _metric(desk: Desk, name: str, value: float) -> Callable[[], Any]:
    async def reached() -> bool:
        return (await desk.metrics(name)).get(name) == value

    return reached


async def test_an_old_document_explains_itself(desk: Desk) -> None:
    """What is stored after all this agrees with its own ledgers, and is small."""
    story = opened(desk.story())
    await desk.tell(story)
    await desk.until_said(story, "clock.breached")
    document = await desk.document(story)
    assert document["open"] is True
    assert {entry["what"] for clock in document["s"]["clocks"] for entry in clock["ledger"]} >= {"started", "breached"}


async def test_metrics_are_as_prometheus_wants_them(desk: Desk) -> None:
    """`promtool check metrics` finds nothing in our own series."""
    text = await exposition(desk.replicas[0])
    own = "\n".join(line for line in text.splitlines() if "gridwhistle_" in line) + "\n"
    assert f'gridwhistle_escalation_teams_total{{district="{DISTRICT}",event="on_scene"}}' in own
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    process = await asyncio.create_subprocess_exec(promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate(own.encode())
    assert (process.returncode, output.decode()) == (0, "")

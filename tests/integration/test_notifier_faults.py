"""Kill -9 the notifier anywhere between an event and its receipt: nothing is lost, and only a crash repeats a key."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deploy.local import LocalStack
from shared.contracts.base import Event
from shared.infra.mongo import connect
from tests.support.bus import until
from tests.support.notifier import District, district
from tests.support.receivers import http_receiver
from tests.unit.notifier.events import assigned, breached, opened, returned, summoned

pytestmark = pytest.mark.integration

POINTS = [
    "after:load",
    "after:decide",
    "after:companions",
    "after:save",
    "after:publish",
    "after:mark",
    "before:send",
    "after:send",
    "after:notices.decide",
    "after:notices.save",
    "after:notices.publish",
    "after:notices.mark",
]
CASES = 6
PER_CASE = 9
SHORT_LEASE = {"GW_DELIVERY_LEASE_SECONDS": "6", "GW_DELIVERY_SEND_SECONDS": "2"}
NO_GROUPING: dict[str, Any] = {"digest": {"after": 10_000}, "rate_limit": {"per_hour": 10_000}}


def story() -> list[Event]:
    """Return the life of a case that gives nine notices to officials, in whatever order its topics are read."""
    return [opened(), assigned(), returned(), assigned("police", number=2), summoned(), breached()]


async def killed_and_restarted(stack: LocalStack, number: int, point: str, folder: Path) -> None:
    """Run a district through a kill at the point and check what must hold afterwards."""
    marker = folder / "killed"
    async with district(stack, f"9410{number:02}", folder, **NO_GROUPING) as place:
        process = place.process(alone=True, GW_MODE="replay", GW_FAULT_POINT=f"{point}@2:{marker}", **SHORT_LEASE)
        await process.start()
        await place.tell(*story(), case=0)
        await until(lambda: process.died or place.lines, 60, "a first batch")
        for case in range(1, CASES):
            await place.tell(*story(), case=case)
        await until(lambda: process.died, 60, f"the kill at {point}")
        await process.restart()
        events = await place.heard(lambda seen: settled(seen) and len(seen) >= 2 * CASES * PER_CASE)
        await check(stack, place, events)


def settled(events: list[dict[str, Any]]) -> bool:
    """Say whether everything that was queued is delivered."""
    queued = {one["notice_id"] for one in events if one["type"] == "queued"}
    delivered = {one["notice_id"] for one in events if one["type"] == "delivered"}
    return queued == delivered


async def check(stack: LocalStack, place: District, events: list[dict[str, Any]]) -> None:
    """Every key is queued once and delivered once by its events; what was leaving at the kill may leave once more."""
    for kind in ("queued", "delivered"):
        numbers = Counter(one["notice_id"] for one in events if one["type"] == kind)
        assert len(numbers) == CASES * PER_CASE
        assert set(numbers.values()) == {1}, kind
    lines = Counter(line["key"] for line in place.lines)
    assert len(lines) == CASES * PER_CASE
    assert max(lines.values()) <= 2
    query = {"district": place.code, "$or": [{"due": {"$exists": True}}, {"outbox": {"$exists": True}}]}
    notices = connect(stack.mongo_url)["gw_notifier"]["notices"]

    async def nothing_waits() -> bool:
        return await notices.count_documents(query) == 0

    await until(nothing_waits, 15, "empty outboxes")


async def test_killed_anywhere_between_event_and_receipt_loses_no_notice(infra: LocalStack, tmp_path: Path) -> None:
    """Each point in a process and district of its own, a few at a time."""
    few = asyncio.Semaphore(6)
    folders = [tmp_path / str(number) for number in range(len(POINTS))]
    for folder in folders:
        folder.mkdir()

    async def one(number: int, point: str) -> None:
        async with few:
            await killed_and_restarted(infra, number, point, folders[number])

    await asyncio.gather(*(one(number, point) for number, point in enumerate(POINTS)))


async def test_ended_while_a_receiver_takes_its_time_keeps_the_receipt(infra: LocalStack, tmp_path: Path) -> None:
    """SIGTERM waits for what has left: it is saved as delivered and not sent again by the next process."""
    async with http_receiver("late") as hook:
        contacts = [{"channel": "webhook", "address": hook.url}]
        roster = [{"role": "duty_officer", "person": "x", "channels": contacts}]
        notify: dict[str, Any] = {"webhook": {"allow_private": True}, "departments": {"housing": roster}}
        async with district(infra, "941050", tmp_path, **notify) as place:
            process = place.process()
            await process.start()
            await place.tell(opened(), assigned())
            await until(lambda: hook.requests, what="the post")
            assert await process.stop()
            events = await place.heard(lambda seen: any(one["type"] == "delivered" for one in seen), seconds=10)
            assert [one["attempts"] for one in events if one["type"] == "delivered"] == [1]
            assert len(hook.requests) == 1

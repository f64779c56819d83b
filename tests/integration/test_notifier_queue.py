"""The queue of notices on a real database: claims are exclusive, and no query reads what it does not need."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from deploy.local import LocalStack
from services.notifier.adapters.queue import NoticeQueue
from services.notifier.adapters.retention import Purge
from services.notifier.domain.notice import NoticeState, index_fields
from shared.infra.clock import ManualClock
from shared.infra.engine import AggregateStore
from shared.infra.mongo import connect
from tests.support.bus import until
from tests.unit.notifier.events import CASE, DISTRICT, NOON

pytestmark = pytest.mark.integration


def notice(number: int, channel: str = "file", **more: Any) -> NoticeState:
    """Return one of many notices."""
    fields: dict[str, Any] = {
        "district": DISTRICT,
        "case_id": CASE,
        "episode": 1,
        "step": f"step:{number}",
        "template": "opened",
        "audience": "duty_officer",
        "recipient": f"d{number % 10}/duty_officer",
        "channel": channel,
        "queued_at": NOON,
        "due": NOON + timedelta(seconds=number),
        "expires": NOON + timedelta(days=1),
    }
    return NoticeState(**{**fields, **more})


async def queue(
    infra: LocalStack, name: str, notices: list[NoticeState], worker: str = "a", **more: Any
) -> NoticeQueue:
    """Return a queue over a database of its own that holds these notices."""
    database = connect(infra.mongo_url)[f"gw_queue_{name}"]
    store = AggregateStore(database, "notices", NoticeState, lambda state: state.due, index_fields)
    made = NoticeQueue(store, database["cases"], worker, timedelta(seconds=more.pop("lease", 30)), **more)
    await store.create_indexes()
    await made.create_indexes()
    await store.save_companions(store.companion(one.id, one) for one in notices)
    return made


async def test_claims_are_exclusive_however_many_ask_at_once(infra: LocalStack) -> None:
    """Each notice goes to one of them, oldest first in a page."""
    notices = [notice(number) for number in range(200)]
    workers = [await queue(infra, "exclusive", notices if n == 0 else [], f"w{n}") for n in range(8)]
    later = NOON + timedelta(hours=1)
    pages = await asyncio.gather(*(one.claim("file", later, (), 50) for one in workers for _ in range(3)))
    taken = Counter(one.id for page in pages for one in page.notices)
    assert set(taken.values()) == {1}
    steps = [int(one.step.partition(":")[2]) for one in pages[0].notices]
    assert steps == sorted(steps)


async def test_a_claim_leaves_what_is_not_due_not_its_own_or_busy(infra: LocalStack) -> None:
    """Later notices, other channels and districts, recipients that are being served."""
    notices = [notice(0), notice(1), notice(2, district="620171"), notice(3, "email"), notice(500)]
    mine = await queue(infra, "leaves", notices, districts=(DISTRICT,))
    busy = [notice(1).to]
    assert [one.step for one in (await mine.claim("file", NOON + timedelta(minutes=1), busy, 50)).notices] == ["step:0"]
    others = await mine.claim({"$nin": ["file"]}, NOON + timedelta(minutes=1), (), 50)
    assert [one.step for one in others.notices] == ["step:3"]


async def test_a_claim_comes_free_when_its_lease_ends_or_it_is_given_back(infra: LocalStack) -> None:
    """What a crash left behind is taken by the next."""
    one = await queue(infra, "free", [notice(0)], lease=0.2)
    first = await one.claim("file", NOON, (), 10)
    assert len(first.notices) == 1
    assert not first.holds_for(1)
    assert (await one.claim("file", NOON, (), 10)).notices == ()
    await one.release([first.notices[0].id], "another token")
    assert (await one.claim("file", NOON, (), 10)).notices == ()
    await one.release([first.notices[0].id], first.token)
    again = await one.claim("file", NOON, (), 10)
    assert len(again.notices) == 1

    async def taken() -> bool:
        return len((await one.claim("file", NOON, (), 10)).notices) == 1

    await until(taken, what="the end of the lease")


async def test_a_claim_and_the_limits_read_only_what_they_return(infra: LocalStack) -> None:
    """Among ten thousand that are delivered, what is due is found by its index."""
    done = [notice(number, due=None, sent_at=NOON - timedelta(hours=2)) for number in range(10_000)]
    one = await queue(infra, "plans", [*done, *(notice(20_000 + number, due=NOON) for number in range(5))])
    collection = one.store.collection
    queries = [
        {"channel": "file", "due": {"$lte": NOON}, "to": {"$nin": []}},
        {"channel": {"$nin": ["email"]}, "due": {"$lte": NOON}},
        {"to": {"$in": [notice(1).to]}, "sent_at": {"$gt": NOON - timedelta(hours=1)}},
        {"due": {"$exists": True}},
        {"expires": {"$lte": NOON}, "due": {"$exists": False}},
    ]
    await Purge((collection,), ManualClock(NOON)).create_indexes()
    for query in queries:
        command = {"explain": {"find": "notices", "filter": query}, "verbosity": "executionStats"}
        stats = (await one.store.database.command(command))["executionStats"]
        assert stats["totalDocsExamined"] <= 10, query
    assert len((await one.claim("file", NOON, (), 50)).notices) == 5


async def test_what_is_past_its_time_is_purged_and_what_still_waits_is_not(infra: LocalStack) -> None:
    """By domain time, so that a replay keeps its own notices."""
    one = await queue(infra, "purge", [notice(0), *(notice(number, due=None) for number in range(1, 4))])
    clock = ManualClock(NOON)
    purge = Purge((one.store.collection,), clock)
    assert await purge.run() == 0
    clock.advance(timedelta(days=2))
    assert await purge.run() == 3
    assert await one.pending() == {"file": 1}

"""Every query that services ask again and again goes by an index, as the database itself noted it down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local import LocalStack
from services.notifier.adapters.queue import NoticeQueue
from services.notifier.adapters.retention import Purge
from services.notifier.domain.notice import NoticeState, index_fields
from services.router.adapters.open_work import count_open_work, create_indexes
from services.router.domain.model import Case, index_of, next_due
from shared.district.loader import load
from shared.infra.clock import ManualClock
from shared.infra.directory import ProfileStore
from shared.infra.engine import AggregateStore
from shared.infra.mongo import connect

pytestmark = pytest.mark.integration

WHEN = datetime(2026, 7, 1, 1, tzinfo=UTC)
DISTRICTS = Path(__file__).parents[2] / "deploy" / "districts"
LEASE = timedelta(seconds=15)


@asynccontextmanager
async def noted(infra: LocalStack, name: str) -> AsyncIterator[tuple[Any, list[str]]]:
    """Give a database of its own and, after the block, what of the work in it read whole collections."""
    client = connect(infra.mongo_url)
    database, whole = client[name], list[str]()
    await client.drop_database(name)
    try:
        yield database, whole
        await database.command("profile", 0)
        async for seen in database["system.profile"].find({"planSummary": {"$regex": "COLLSCAN"}}):
            if not seen["ns"].endswith("system.profile"):
                whole.append(f"{seen['op']} {seen['ns']} {seen['command']}")
    finally:
        await client.drop_database(name)
        client.close()


async def sweep(store: AggregateStore[Any]) -> None:
    """Ask everything that the engine and its sweeps ask."""
    (slot,) = (await store.load(["absent"])).values()
    await store.save([slot], "a/1", WHEN)
    await store.mark_published(["absent"], "a/1")
    await store.mark_relayed([("absent", "a/1")])
    await store.remove_empty(["other"], "a/1")
    await store.unpublished(WHEN, 200)
    await store.claim_due(WHEN, WHEN, LEASE, 200)
    await store.oldest_due()
    await store.expired_parked(WHEN, 200)


async def test_the_engine_and_the_routers_gauges_read_no_whole_collection(infra: LocalStack) -> None:
    """Loading, saving, marking, sweeping, counting: each costs by what it finds."""
    async with noted(infra, "gw_plans_router") as (database, whole):
        store = AggregateStore[Case](database, "cases", Case, due=next_due, index=index_of)
        await store.create_indexes()
        await create_indexes(store.collection)
        closed = [{"_id": f"620802-260701-{number}", "v": 1, "s": {}, "saved_at": WHEN} for number in range(500)]
        await store.collection.insert_many(
            [*closed, {"_id": "due", "v": 1, "due": WHEN, "outbox": [], "saved_at": WHEN}]
        )
        await database.command("profile", 2)
        await sweep(store)
        await count_open_work(store.collection)
        await count_open_work(store.collection, ("620802",))
    assert whole == []


async def test_the_queue_of_notices_reads_no_whole_collection(infra: LocalStack) -> None:
    """Claims, limits, counts and the purge, however many notices have long been delivered."""
    async with noted(infra, "gw_plans_notifier") as (database, whole):
        store = AggregateStore(database, "notices", NoticeState, lambda state: state.due, index_fields)
        queue = NoticeQueue(store, database["cases"], "w", LEASE)
        purge = Purge((store.collection,), ManualClock(WHEN))
        await store.create_indexes()
        await queue.create_indexes()
        await purge.create_indexes()
        told = {"v": 1, "channel": "webhook", "to": "a", "sent_at": WHEN, "expires": WHEN + timedelta(days=1)}
        await store.collection.insert_many([{"_id": number, **told} for number in range(500)])
        await database.command("profile", 2)
        await sweep(store)
        for channel in ("webhook", {"$nin": ["webhook"]}):
            await queue.release(["a"], (await queue.claim(channel, WHEN, ["b"], 200)).token)
        await queue.sent(["b"], WHEN)
        await queue.cases_now(["a"])
        await queue.pending()
        await purge.run()
    assert whole == []


async def test_the_newest_versions_are_read_off_an_index(infra: LocalStack) -> None:
    """Asked every few seconds by every process: it must not read each version's body."""
    async with noted(infra, "gw_plans_directory") as (database, whole):
        store, profile = ProfileStore(database), load(DISTRICTS / "620171")
        for name in ("一", "二", "三"):
            await store.apply(profile.model_copy(update={"name": name}), WHEN)
        await database.command("profile", 2)
        assert await store.newest() == {"620171": 3}
        assert (await store.load("620171")).version == 3
        await store.load("620171", 1)
        (asked,) = [one async for one in database["system.profile"].find({"command.aggregate": "profiles"})]
        assert asked["planSummary"].startswith("DISTINCT_SCAN")
    assert whole == []

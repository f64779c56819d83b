"""Every query that services ask again and again goes by an index, as the database itself noted it down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from deploy.local import LocalStack
from services.escalation.adapters.audit import Audit
from services.escalation.adapters.indexes import create_indexes as create_escalation_indexes
from services.escalation.adapters.moves import Moves
from services.escalation.adapters.watch import Watch
from services.escalation.domain.decide import due, index
from services.escalation.domain.model import Case as ClockedCase
from services.escalation.metrics import EscalationMetrics
from services.intake.adapters.candidates import Candidates
from services.intake.adapters.pins import Pins
from services.intake.adapters.retention import Retention
from services.intake.domain.model import ReportState
from services.intake.metrics import IntakeMetrics
from services.notifier.adapters.contacts import Contacts
from services.notifier.adapters.queue import NoticeQueue
from services.notifier.adapters.retention import Purge
from services.notifier.domain.notice import NoticeState, index_fields
from services.router.adapters import mediation
from services.router.adapters.open_work import count_open_work, create_indexes
from services.router.adapters.world import FetchedWorld
from services.router.domain.model import Case, index_of, next_due
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import EraseReporter
from shared.contracts.mediation import OpenBatch
from shared.decision import Tick
from shared.district.loader import load
from shared.district.lookup import DirectoryIndex
from shared.infra.clock import ManualClock
from shared.infra.directory import ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore, Input
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect
from tests.support.disputing import EAST, TOWN, USUAL, quarrel
from tests.support.routing import CENTRE, report
from tests.unit.escalation.district import profile

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
    await store.mark_published(["absent"], ["a/1"])
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
        await sweep(replace(store, districts=("620802", "620171")))
        await count_open_work(store.collection)
        await count_open_work(store.collection, ("620802",))
    assert whole == []


async def test_what_disputes_need_of_others_is_found_without_reading_them(infra: LocalStack) -> None:
    """Loads of mediators, the parent of a file, the files of a parent: all by an index that holds nothing else."""
    async with noted(infra, "gw_plans_disputes") as (database, whole):
        store = AggregateStore[Case](database, "cases", Case, due=next_due, index=index_of)
        await store.create_indexes()
        await mediation.create_indexes(store.collection)
        story = quarrel()
        story.say(OpenBatch, CENTRE)
        parent = story.known()
        others = [{"_id": f"620802-260701-{number}", "v": 1, "s": {}, "saved_at": WHEN} for number in range(500)]
        await store.collection.insert_many(others)
        await database.command("profile", 2)
        await sweep(store)
        disputes = mediation.Disputes(store.collection, lambda *_: USUAL)
        await disputes.prepare([Input(parent.case_id, "", Tick(parent.case_id))], {parent.case_id: parent})
        named = report("D0402", number=9, batch=parent.case_id, township=TOWN, community=EAST)
        await disputes.prepare([Input(named.case_id, "", named)], {})
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


async def test_intake_finds_neighbours_and_what_to_forget_without_reading_everything(infra: LocalStack) -> None:
    """However many reports and sealed contacts are kept."""
    async with noted(infra, "gw_plans_intake") as (database, whole):
        store = AggregateStore[ReportState](database, "reports", ReportState)
        candidates, pins = Candidates(store.collection), Pins(store)
        retention = Retention(store, ManualClock(WHEN), IntakeMetrics.create(CollectorRegistry()))
        for made in (store, candidates, retention):
            await made.create_indexes()
        kept = [{"v": 1, "s": {"near": number, "at": WHEN, "day": 739_000}, "saved_at": WHEN} for number in range(500)]
        await store.collection.insert_many([{"_id": f"620802/x/{n}", **one} for n, one in enumerate(kept)])
        vault = [{"_id": f"{n}", "case_id": f"c{n}", "number": f"c{n}", "day": 739_000} for n in range(500)]
        await database["vault"].insert_many(vault)
        pinned = {"day": 739_000, "district": "620802"}
        await database["pins"].insert_many([{"_id": f"x/{n}", **pinned} for n in range(500)])
        await database.command("profile", 2)
        await sweep(store)
        await candidates.find([1, 2], WHEN - 2 * LEASE, WHEN - LEASE)
        await pins.pin({"x/1": "620802"}, WHEN)
        await retention.sweep([load(DISTRICTS / "620171")])
        await retention.erase([erase_reporter()])
    assert whole == []


async def test_the_clocks_are_swept_and_audited_by_their_indexes(infra: LocalStack) -> None:
    """A sweep costs by what is due, and the audit by what is forgotten."""
    async with noted(infra, "gw_plans_escalation") as (database, whole):
        store, registry = AggregateStore[ClockedCase](database, "cases", ClockedCase, due, index), CollectorRegistry()
        await create_escalation_indexes(store)
        ahead = {"v": 1, "open": True, "due": WHEN + timedelta(days=1), "saved_at": WHEN, "s": {"grid": "elsewhere"}}
        await store.collection.insert_many([{"_id": f"620802-{n}", **ahead} for n in range(500)])
        metrics = (EngineMetrics.create(registry, "escalation"), EscalationMetrics.create(registry))
        await database.command("profile", 2)
        await sweep(store)
        assert await Audit(store, ManualClock(WHEN), *metrics, 60.0).unwatched() == 0
        asked = database["system.profile"].find({"ns": {"$regex": "cases$"}, "keysExamined": {"$gt": 10}})
        assert [one async for one in asked] == []
        assert await Moves(cast("Any", SimpleNamespace(store=store)), recut()).run() == 0
        read = database["system.profile"].find({"ns": {"$regex": "cases$"}, "docsExamined": {"$gt": 10}})
        assert [one async for one in read] == []
    assert whole == []


def recut() -> Any:
    """Stand for the policies of a district that was cut anew."""
    index = DirectoryIndex(load(DISTRICTS / "620171"))
    assert any(grid.retired for grid in index.profile.grids)
    return SimpleNamespace(cache=SimpleNamespace(districts=("620171",), get=lambda _: index))


def coming_back(source: str) -> list[dict[str, Any]]:
    """Return two cases of a source and four edges of housing among many of others, and a file to be measured later."""
    plain: list[dict[str, Any]] = [
        {"_id": f"620802-{n}", "v": 1, "district": "620802", "began": WHEN} for n in range(500)
    ]
    theirs = [{**one, "_id": f"o{one['_id']}", "sources": ["620802/estate/estate/b"]} for one in plain]
    ours = [{"_id": f"s-{n}", "v": 1, "s": {"lead": "housing"}, "sources": [source], "began": WHEN} for n in (1, 2)]
    others = [{"_id": f"x-{n}", "v": 1, "edges": [{"d": "620802/civil", "at": WHEN}]} for n in range(500)]
    edges = [{"_id": f"e-{n}", "v": 1, "edges": [{"d": "620802/housing", "at": WHEN}]} for n in range(4)]
    later = {"_id": "620802-000000-aaaaaaaa", "v": 1, "district": "620802", "measure": WHEN + timedelta(days=1)}
    return [*plain, *theirs, *ours, *others, *edges, later]


async def test_what_keeps_coming_back_is_counted_by_indexes(infra: LocalStack) -> None:
    """A look costs by what it counts: neither by cases without a source nor by those of other sources."""
    rule = {"id": "estate", "by": "subject", "count": 2, "window": "30 days", "kind": "judicial"}
    known = DirectoryIndex(profile(advisories={"rules": [rule]}, closings={"count": 3}))
    profiles = cast("ProfileCache", SimpleNamespace(districts=("620802",), get=lambda _: known))
    source = "620802/estate/estate/a"
    async with noted(infra, "gw_plans_watch") as (database, whole):
        store = AggregateStore[ClockedCase](database, "cases", ClockedCase, due, index)
        await create_escalation_indexes(store)
        await store.collection.insert_many(coming_back(source))
        watch = Watch(cast("Any", SimpleNamespace(store=store, clock=ManualClock(WHEN))), profiles)
        await database.command("profile", 2)
        (noticed,) = await watch._noticed({source})
        flagged = await watch._burst("620802", "housing", {WHEN})
        assert await watch._counted() == []
        asked = database["system.profile"].find({"ns": {"$regex": "cases$"}, "docsExamined": {"$gt": 10}})
        assert [one["command"] async for one in asked] == []
        assert {one async for one in watch._frequent()} == {source, "620802/estate/estate/b"}
    assert (noticed.event.count, noticed.event.lead) == (2, "housing")
    assert flagged is not None
    assert whole == []


async def test_links_and_contacts_are_looked_up_by_their_indexes(infra: LocalStack) -> None:
    """What else a decision or a notice asks for."""
    async with noted(infra, "gw_plans_lookups") as (database, whole):
        await create_indexes(database["cases"])
        await database["cases"].insert_many([{"_id": f"620802-{n}", "s": {}} for n in range(500)])
        contact = {"recorded_at": WHEN, "sealed": "", "owner": ""}
        await database["reporters"].insert_many([{"_id": f"620802-{n}/r", **contact} for n in range(500)])
        contacts = Contacts(None, database["reporters"])
        await database.command("profile", 2)
        world = FetchedWorld(ProfileCache(ProfileStore(database)), database["cases"])
        await world._look_for_missing({"620802-1"})
        await world._look_at_links({"620802-1": {"620802-2"}})
        await contacts.people(["620802-1/r"])
        await contacts.erase("620802-1", None, WHEN)
        await contacts.erase("620802-1", "r", WHEN)
    assert whole == []


def erase_reporter() -> EraseReporter:
    """Return the command to erase who is behind a case."""
    centre = Actor(partner="centre", kind=PartnerKind.CENTRE)
    return EraseReporter(
        district="620802",
        case_id="620802-260701-aaaaaaaa",
        occurred_at=WHEN,
        recorded_at=WHEN,
        actor=centre,
        reason="asked",
    )


async def test_the_newest_versions_are_read_off_an_index(infra: LocalStack) -> None:
    """Asked every few seconds by every process: it must not read each version's body."""
    async with noted(infra, "gw_plans_directory") as (database, whole):
        store, newest = ProfileStore(database), load(DISTRICTS / "620171")
        for name in ("一", "二", "三"):
            await store.apply(newest.model_copy(update={"name": name}), WHEN)
        await database.command("profile", 2)
        assert await store.newest() == {"620171": 3}
        assert (await store.load("620171")).version == 3
        await store.load("620171", 1)
        (asked,) = [one async for one in database["system.profile"].find({"command.aggregate": "profiles"})]
        assert asked["planSummary"].startswith("DISTINCT_SCAN")
    assert whole == []

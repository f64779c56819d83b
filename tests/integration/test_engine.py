"""The engine against a real database and broker, in one process: conflicts, relay, parking, refusals."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.local import LocalStack
from shared.contracts.commands import AcceptTask, ProgressTask
from shared.decision import Transient
from shared.infra.clock import wall_clock
from shared.infra.engine import Input, read_input
from shared.infra.engine.store import REMEMBERED
from shared.infra.engine.sweep import Sweeper
from shared.infra.kafka import MAX_RECORDS
from tests.support.bus import data
from tests.support.engines import Broken, Hanging, Heard, engine, record, world
from tests.support.tally import Tally

pytestmark = pytest.mark.integration


async def test_two_replicas_on_one_case_apply_every_record_once(infra: LocalStack) -> None:
    """The version guard re-decides what another replica changed meanwhile; nothing is lost or counted twice."""
    district, heard = "910001", Heard()
    async with world(infra, district) as (store, publisher, _):
        replicas = [engine(store, publisher, worker, heard) for worker in ("a", "b")]
        await replicas[0].handle([record(AcceptTask, district, "", 0)])
        batches = [
            replicas[number % 2].handle([record(ProgressTask, district, f"{number}.{part}", number) for part in "xyz"])
            for number in range(20)
        ]
        await asyncio.gather(*batches)
        slot = (await store.load([f"{district}-260701-aaaaaaaa"]))[f"{district}-260701-aaaaaaaa"]
        assert slot.state is not None
        assert slot.state.count == 60
        assert sorted(slot.state.notes) == sorted(f"{number}.{part}" for number in range(20) for part in "xyz")
        assert heard.reasons.count("counted") == 60
        assert heard.counts["conflict"] > 0


async def test_the_same_record_again_changes_nothing(infra: LocalStack) -> None:
    """A redelivered record is dropped and counted as a duplicate."""
    district, heard = "910002", Heard()
    async with world(infra, district) as (store, publisher, bus):
        one = engine(store, publisher, "a", heard)
        progress = record(ProgressTask, district, "n", 1)
        await one.handle([record(AcceptTask, district, "", 0), progress])
        await one.handle([progress, progress])
        assert heard.reasons == ["opened", "counted"]
        assert heard.counts == {"duplicate": 2}
        said = await bus.read([f"gw.{district}.cases"], lambda seen: len(seen) >= 1)
        assert [data(item)["note"] for item in said] == ["1:n"]


async def test_an_outbox_left_behind_is_published_by_the_relay(infra: LocalStack) -> None:
    """Saved but not published (the broker went away, no record will come again): the relay publishes and marks."""
    district, heard = "910003", Heard()
    async with world(infra, district) as (store, publisher, bus):
        cut_off = engine(store, Broken(), "a", heard)
        with pytest.raises(Transient):
            await cut_off.handle([record(AcceptTask, district, "", 0), record(ProgressTask, district, "n", 1)])
        relay = Sweeper(engine(store, publisher, "b", heard))
        assert await relay.relay() == 0, "a young outbox belongs to whoever saved it"
        await store.collection.update_many({}, {"$set": {"saved_at": wall_clock() - timedelta(minutes=1)}})
        assert await relay.relay() == 1
        assert await relay.relay() == 0
        said = await bus.read([f"gw.{district}.cases"], lambda seen: len(seen) >= 1)
        assert [data(item)["note"] for item in said] == ["1:n"]


async def test_what_no_record_brought_is_saved_without_waiting_for_a_broker_that_is_away(infra: LocalStack) -> None:
    """It stays in the outbox, and the relay publishes it when the broker is back."""
    district, heard = "910019", Heard()
    async with world(infra, district) as (store, publisher, bus):
        event = read_input(record(AcceptTask, district, "", 0)).event
        told = read_input(record(ProgressTask, district, "n", 1)).event
        cut_off = engine(store, Hanging(), "a", heard)
        async with asyncio.timeout(20):
            await cut_off.apply([Input(event.case_id, "open", event), Input(event.case_id, "n", told)], relayed=True)
        await store.collection.update_many({}, {"$set": {"saved_at": wall_clock() - timedelta(minutes=1)}})
        assert await Sweeper(engine(store, publisher, "b", heard)).relay() == 1
        said = await bus.read([f"gw.{district}.cases"], lambda seen: len(seen) >= 1)
        assert [data(item)["note"] for item in said] == ["1:n"]


async def test_a_record_redelivered_after_a_failed_publish_publishes_again(infra: LocalStack) -> None:
    """What was decided before the broker went away is published with the same id when the record comes again."""
    district, heard = "910004", Heard()
    async with world(infra, district) as (store, publisher, bus):
        records = [record(AcceptTask, district, "", 0), record(ProgressTask, district, "n", 1)]
        with pytest.raises(Transient):
            await engine(store, Broken(), "a", heard).handle(records)
        await engine(store, publisher, "b", heard).handle(records)
        said = await bus.read([f"gw.{district}.cases"], lambda seen: len(seen) >= 1)
        assert [data(item)["note"] for item in said] == ["1:n"]
        assert heard.reasons == ["opened", "counted"]


async def test_records_of_types_nobody_heeds_are_passed_over(infra: LocalStack) -> None:
    """What is known but somebody else's is neither decided, saved nor refused; what is unknown is still refused."""
    district, heard = "910009", Heard()
    async with world(infra, district) as (store, publisher, _):
        replica = engine(store, publisher, "a", heard)
        replica.heeds = frozenset({AcceptTask.type})
        odd = replace(record(AcceptTask, district, "odd", 2), headers=[])
        await replica.handle([record(AcceptTask, district, "", 0), record(ProgressTask, district, "x", 1), odd])
        assert heard.reasons == ["opened"]
        assert heard.errors == ["bad-envelope"]


async def test_a_conflict_prepares_again_for_what_is_stored_now(infra: LocalStack) -> None:
    """A case that another replica opened meanwhile needs what its state names, so `prepare` sees that state."""
    district, heard, seen = "910010", Heard(), list[Tally | None]()
    async with world(infra, district) as (store, publisher, _):
        other = engine(store, publisher, "b", heard)
        replica = engine(store, publisher, "a", heard)

        async def prepare(_: object, states: dict[str, Tally | None]) -> None:
            seen.extend(states.values())
            if len(seen) == 1:
                await other.handle([record(AcceptTask, district, "", 0)])

        replica.prepare = prepare
        await replica.handle([record(ProgressTask, district, "x", 1)])
        assert seen == [None, Tally()]
        assert heard.reasons == ["opened", "counted"]


async def test_a_full_batch_about_one_case_delivered_again_changes_nothing(infra: LocalStack) -> None:
    """A process killed before its commit gets everything once more, also when a surge was all about one case."""
    district, heard = "910011", Heard()
    async with world(infra, district) as (store, publisher, _):
        one = engine(store, publisher, "a", heard)
        surge = [record(ProgressTask, district, str(number), number) for number in range(1, MAX_RECORDS)]
        for _ in range(2):
            await one.handle([record(AcceptTask, district, "", 0), *surge])
        assert heard.reasons.count("counted") == len(surge)
        assert heard.counts == {"duplicate": MAX_RECORDS}


async def test_a_worker_for_some_districts_sweeps_only_theirs(infra: LocalStack) -> None:
    """It has only their profiles, so what it would decide about another's case is a refusal."""
    district, other = "910020", "910021"
    async with world(infra, district) as (store, _, _bus):
        await store.create_indexes()
        past, lease = wall_clock() - timedelta(hours=1), timedelta(seconds=15)
        ids = [f"{code}-260701-aaaaaaaa" for code in (district, other)]
        await store.collection.insert_many([{"_id": id_, "v": 1, "s": {}, "due": past} for id_ in ids])
        own = replace(store, districts=("910099", district))
        assert await own.claim_due(wall_clock(), wall_clock(), lease, 200) == [ids[0]]
        assert await own.claim_due(wall_clock(), wall_clock(), lease, 200) == []
        assert await store.claim_due(wall_clock(), wall_clock(), lease, 200) == [ids[1]]


def test_an_aggregate_remembers_more_than_may_be_delivered_again() -> None:
    """A batch each of the topics that a service reads."""
    assert REMEMBERED >= 4 * MAX_RECORDS

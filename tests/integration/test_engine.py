"""The engine against a real database and broker, in one process: conflicts, relay, parking, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local import LocalStack
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import AcceptTask, Command, ProgressTask
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.ids import event_id
from shared.decision import Companion, Decision, Rejected, Transient
from shared.infra.clock import ManualClock, wall_clock
from shared.infra.engine import AggregateStore, Engine, Input, read_input
from shared.infra.engine.fold import MAX_PARKED, Applied, ParkedRecord, Rejection
from shared.infra.engine.inbox import REPLAY_HEADER
from shared.infra.engine.outbox import Outgoing
from shared.infra.engine.store import REMEMBERED
from shared.infra.engine.sweep import Sweeper
from shared.infra.kafka import MAX_RECORDS, KafkaPublisher
from shared.infra.mongo import connect
from shared.infra.settings import ServiceSettings
from tests.support.bus import Bus, data, open_bus
from tests.support.tally import Tally, decide

pytestmark = pytest.mark.integration

WHEN = datetime(2026, 7, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Heard:
    """An observer that remembers."""

    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def applied(self, applied: Applied[Tally]) -> None:
        """Remember the reason."""
        self.reasons.append(applied.decision.reason)

    def rejected(self, rejection: Rejection) -> None:
        """Remember the error."""
        self.errors.append(rejection.poison.error)

    def counted(self, outcome: str, number: int) -> None:
        """Add up."""
        self.counts[outcome] = self.counts.get(outcome, 0) + number


class Broken:
    """A publisher whose broker is away."""

    async def publish(self, records: list[Outgoing]) -> None:
        """Fail as a broker that is away does."""
        raise Transient(f"{len(records)} records have nowhere to go")


@asynccontextmanager
async def world(infra: LocalStack, district: str) -> AsyncIterator[tuple[AggregateStore[Tally], KafkaPublisher, Bus]]:
    """Give a store, a publisher and a bus for one district of its own."""
    store = AggregateStore(connect(infra.mongo_url)[f"gw_engine_{district}"], "tallies", Tally)
    await store.create_indexes()
    idempotent = infra.env["GW_KAFKA_IDEMPOTENT"] == "true"
    publisher = KafkaPublisher(ServiceSettings(kafka_bootstrap=infra.bootstrap, kafka_idempotent=idempotent))
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(f"gw.{district}.cases", f"gw.{district}.dead-letters")
        await publisher.start()
        try:
            yield store, publisher, bus
        finally:
            await publisher.stop()


def engine(store: AggregateStore[Tally], publisher: Any, worker: str, heard: Heard) -> Engine[Tally]:
    """Return one replica's engine."""
    return Engine("tally", worker, store, publisher, decide, ManualClock(WHEN), heard)


def record(kind: type[Command], district: str, note: str, offset: int) -> ParkedRecord:
    """Return a record as a consumer would hand it over."""
    case_id = f"{district}-260701-aaaaaaaa"
    actor = Actor(partner="centre", kind=PartnerKind.CENTRE)
    fields: dict[str, Any] = {"task_id": f"{case_id}/tally#1", "note": note}
    event = kind(district=district, case_id=case_id, occurred_at=WHEN, recorded_at=WHEN, actor=actor, **fields)
    envelope = Envelope(event_id(f"{kind.__name__}/{note}", 0), "/test", event.type, "")
    value = event.model_dump_json().encode()
    headers: list[tuple[str, bytes | None]] = [*to_headers(envelope)]
    return ParkedRecord(f"gw.{district}.commands", 0, offset, 0, case_id.encode(), value, headers)


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


async def test_a_command_for_a_case_that_never_comes_becomes_a_dead_letter(infra: LocalStack) -> None:
    """Parked first, for its case may be on the way; refused when the wait is over, with the record whole."""
    district, heard = "910005", Heard()
    async with world(infra, district) as (store, publisher, bus):
        one = engine(store, publisher, "a", heard)
        early = record(ProgressTask, district, "n", 7)
        await one.handle([early])
        await one.handle([early])
        assert heard.errors == []
        assert await Sweeper(one).parked() == 0
        past = wall_clock() - timedelta(seconds=1)
        await store.collection.update_many({}, {"$set": {"parked_until": past, "parked.$[].until": past}})
        assert await Sweeper(one).parked() == 1
        letters = await bus.read([f"gw.{district}.dead-letters"], lambda seen: len(seen) >= 1)
        assert [(data(item)["error"], data(item)["offset"]) for item in letters] == [("unknown-case", 7)]
        assert heard.errors == ["unknown-case"]


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


async def test_what_a_discarded_decision_brought_along_is_taken_back(infra: LocalStack) -> None:
    """The decision in its place brings other companions, and the store hears which are nobody's any more."""
    district, heard, taken = "910018", Heard(), list[Any]()
    async with world(infra, district) as (store, publisher, _):
        other = engine(store, publisher, "b", heard)
        replica = engine(store, publisher, "a", heard)

        class Telling(AggregateStore[Tally]):
            async def take_back(self, companions: Sequence[Companion]) -> None:
                taken.extend(one.document["_id"] for one in companions)

        def bringing(state: Tally | None, event: Any, now: datetime) -> Decision[Tally]:
            decision = decide(state or Tally(), event, now)
            brought = (f"both-{district}", f"{'new' if state is None else 'known'}-{district}")
            return replace(decision, companions=tuple(Companion("things", {"_id": one}) for one in brought))

        async def overtaken(_: object, states: dict[str, Tally | None]) -> None:
            if set(states.values()) == {None}:
                await other.handle([record(AcceptTask, district, "", 0)])

        replica.store = Telling(store.database, store.collection_name, Tally)
        replica.decide, replica.prepare = bringing, overtaken
        await replica.handle([record(ProgressTask, district, "x", 1)])
        assert taken == [f"new-{district}"]


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


def test_an_aggregate_remembers_more_than_may_be_delivered_again() -> None:
    """A batch each of the topics that a service reads."""
    assert REMEMBERED >= 4 * MAX_RECORDS


async def test_what_waits_for_one_case_is_bounded(infra: LocalStack) -> None:
    """Large or many, the records about a case that does not exist never fill its document."""
    district, heard = "910012", Heard()
    async with world(infra, district) as (store, publisher, _):
        one = engine(store, publisher, "a", heard)
        large = [record(ProgressTask, district, f"large {number}", number) for number in range(100)]
        for parked in large:
            parked.headers.append(("pad", b"x" * 200_000))
        await one.handle([*large, *(record(ProgressTask, district, f"s {number}", number) for number in range(300))])
        (kept,) = (await store.load([f"{district}-260701-aaaaaaaa"])).values()
        assert len(kept.parked) == MAX_PARKED
        assert heard.errors == ["unknown-case"] * (400 - MAX_PARKED)


async def test_nothing_is_left_of_a_case_that_never_came(infra: LocalStack) -> None:
    """Or anybody who may give commands could fill the database with numbers of cases that do not exist."""
    district, heard = "910013", Heard()
    async with world(infra, district) as (store, publisher, _):
        one, past = engine(store, publisher, "a", heard), wall_clock() - timedelta(seconds=1)
        await one.handle([record(ProgressTask, district, "n", 7)])
        await store.collection.update_many({}, {"$set": {"parked_until": past, "parked.$[].until": past}})
        assert await Sweeper(one).parked() == 1
        assert await store.collection.count_documents({}) == 0
        await one.handle([record(AcceptTask, district, "", 8), record(ProgressTask, district, "n", 7)])
        assert heard.reasons == ["opened", "counted"]


async def test_an_outcome_that_cannot_be_stored_is_one_dead_letter(infra: LocalStack) -> None:
    """It fails at every redelivery; the rest of its batch, also of its own case, is applied."""
    district, heard = "910014", Heard()

    def grow(state: Tally | None, event: Any, now: datetime) -> Decision[Tally]:
        decision = decide(state, event, now)
        huge = getattr(event, "note", "") == "huge"
        return replace(decision, state=decision.state.model_copy(update={"count": 2**70})) if huge else decision

    async with world(infra, district) as (store, publisher, bus):
        one = replace(engine(store, publisher, "a", heard), decide=grow)
        notes = ["x", "huge", "y"]
        records = [record(ProgressTask, district, note, number) for number, note in enumerate(notes, 1)]
        await one.handle([record(AcceptTask, district, "", 0), *records])
        letters = await bus.read([f"gw.{district}.dead-letters"], lambda seen: len(seen) >= 1)
        assert [(data(item)["error"], data(item)["offset"]) for item in letters] == [("internal-error", 2)]
        (slot,) = (await store.load([f"{district}-260701-aaaaaaaa"])).values()
        assert slot.state == Tally(count=2, notes=("x", "y"))


async def test_a_state_that_cannot_be_read_harms_no_other_case(infra: LocalStack) -> None:
    """Of its own case every record becomes a dead letter, to be replayed when the document has been repaired."""
    district, heard = "910015", Heard()
    async with world(infra, district) as (store, publisher, _):
        one = engine(store, publisher, "a", heard)
        await one.handle([record(AcceptTask, district, "", 0)])
        await store.collection.update_one({}, {"$set": {"s.count": "many"}})
        await one.apply(
            [*_inputs(one, record(ProgressTask, district, "x", 1)), Input("other", "c", _accepted(district))]
        )
        assert heard.errors == ["internal-error"]
        assert heard.reasons == ["opened", "opened"]


def _inputs(one: Engine[Tally], *records: ParkedRecord) -> list[Input]:
    return one._read(records)[0]


def _accepted(district: str) -> Any:
    return read_input(record(AcceptTask, district, "", 2)).event


def _only_once_counted(state: Tally | None, event: Any, now: datetime) -> Decision[Tally]:
    """Decide as ever, but let `early` be legal only after something was counted."""
    if getattr(event, "note", "") == "early" and (state is None or not state.count):
        raise Rejected("illegal-transition", "Nothing is counted yet.", state_met="empty")
    return decide(state, event, now)


async def test_a_refused_record_delivered_again_stays_refused(infra: LocalStack) -> None:
    """Even if what came behind it would make it legal now; its letter is in the outbox until the broker has it."""
    district, heard = "910016", Heard()
    async with world(infra, district) as (store, publisher, bus):
        records = [
            record(AcceptTask, district, "", 0),
            record(ProgressTask, district, "early", 1),
            record(ProgressTask, district, "x", 2),
        ]
        with pytest.raises(Transient):
            await replace(engine(store, Broken(), "a", heard), decide=_only_once_counted).handle(records)
        await replace(engine(store, publisher, "b", heard), decide=_only_once_counted).handle(records)
        (slot,) = (await store.load([f"{district}-260701-aaaaaaaa"])).values()
        assert slot.state == Tally(count=1, notes=("x",))
        assert heard.errors == ["illegal-transition"]
        letters = await bus.read([f"gw.{district}.dead-letters"], lambda seen: len(seen) >= 1)
        assert [(data(item)["error"], data(item)["offset"]) for item in letters] == [("illegal-transition", 1)]


async def test_a_replayed_record_is_judged_anew(infra: LocalStack) -> None:
    """An operator sends it once more because something has changed."""
    district, heard = "910017", Heard()
    async with world(infra, district) as (store, publisher, _):
        one = replace(engine(store, publisher, "a", heard), decide=_only_once_counted)
        early = record(ProgressTask, district, "early", 1)
        await one.handle([record(AcceptTask, district, "", 0), early, record(ProgressTask, district, "x", 2)])
        await one.handle([replace(early, offset=3)])
        await one.handle([replace(early, offset=4, headers=[*early.headers, (REPLAY_HEADER, b"letter")])])
        assert heard.reasons == ["opened", "counted", "counted"]
        assert heard.counts == {"duplicate": 1}

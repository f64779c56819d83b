"""What the engine refuses and what waits: dead letters, parking, replays, states that break; on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.local import LocalStack
from shared.contracts.commands import AcceptTask, ProgressTask
from shared.decision import Decision, Rejected, Transient
from shared.infra.clock import wall_clock
from shared.infra.engine import Engine, Input, read_input
from shared.infra.engine.fold import MAX_PARKED, ParkedRecord
from shared.infra.engine.inbox import REPLAY_HEADER
from shared.infra.engine.sweep import Sweeper
from tests.support.bus import data
from tests.support.engines import Broken, Heard, engine, record, world
from tests.support.tally import Tally, decide

pytestmark = pytest.mark.integration


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


def _inputs(one: Engine[Tally], *records: ParkedRecord) -> list[Input]:
    return one._read(records)[0]


def _accepted(district: str) -> Any:
    return read_input(record(AcceptTask, district, "", 2)).event


def _only_once_counted(state: Tally | None, event: Any, now: datetime) -> Decision[Tally]:
    """Decide as ever, but let `early` be legal only after something was counted."""
    if getattr(event, "note", "") == "early" and (state is None or not state.count):
        raise Rejected("illegal-transition", "Nothing is counted yet.", state_met="empty")
    return decide(state, event, now)

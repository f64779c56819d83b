"""`gridwhistle case show` and `case explain` on what router and escalation really stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import LocalStack
from services.escalation.domain.decide import LEDGER, decide, due, index
from services.escalation.domain.model import Case
from shared.decision import Tick
from shared.infra.clock import ManualClock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.engine import AggregateStore, Engine, Input
from shared.infra.engine.fold import Applied, Rejection
from shared.infra.engine.outbox import Outgoing
from shared.infra.mongo import connect
from tests.unit.escalation.district import local, profile
from tests.unit.escalation.world import World

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "970002"
APPLIED = datetime(2026, 1, 1, tzinfo=UTC)


class Quiet:
    """A publisher and an observer that nobody listens to."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Take the records."""

    def applied(self, applied: Applied[Case]) -> None:
        """Hear of a decision."""

    def rejected(self, rejection: Rejection) -> None:
        """Hear of a refusal."""
        raise AssertionError(rejection.poison)

    def counted(self, outcome: str, number: int) -> None:
        """Hear of a number."""


class Kept(World):
    """A case that the engine saves in the database at every step."""

    district = DISTRICT
    case_id = f"{DISTRICT}-260930-aaaaaaaa"

    def __init__(self, stack: LocalStack) -> None:
        super().__init__("2026-09-30T15:30", code=DISTRICT, version=1)
        self.client = connect(stack.mongo_url)
        self.pending: list[Any] = []

    def apply(self, event: Any) -> list[Any]:
        """Remember what is to be saved, with its time."""
        said = super().apply(event)
        self.pending.append((self.now, event))
        return said

    async def save(self) -> None:
        """Run everything through the engine."""
        store = AggregateStore[Case](self.client["gw_escalation"], "cases", Case, due, index)
        clock, quiet = ManualClock(self.now), Quiet()
        engine = Engine[Case](
            "escalation",
            "test",
            store,
            quiet,
            lambda case, event, now: decide(case, event, now, lambda *_: self.directory),
            clock,
            quiet,
        )
        for number, (now, event) in enumerate(self.pending):
            clock.instant = now
            cause = "" if isinstance(event, Tick) else f"test/{number}"
            aggregate = Tick(self.case_id) if isinstance(event, Tick) else event
            await engine.apply([Input(self.case_id, cause, aggregate)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(infra: LocalStack) -> Kept:
    """Store a case with everything that can move a due instant, some of its clocks long ended."""
    client = connect(infra.mongo_url)
    await ProfileStore(client[DATABASE]).apply(profile(code=DISTRICT, version=0), APPLIED)
    client.close()
    world = Kept(infra)
    world.opened(limits=({"name": "handle", "limit": "7 working_hours"},), profile_version=1)
    for number in range(1, 9):
        world.assigned(number=number)
        world.superseded(number=number)
    world.assigned(number=9, accept_limit=None, stages=({"name": "handle", "limit": "4 working_hours"},))
    world.whistle("housing", "civil")
    world.check_in("housing")
    world.at("2026-09-30T16:30").held(until="2026-10-08T10:00", number=9)
    world.at("2026-10-08T10:30").extended("60 working_minutes", number=9)
    world.at("2026-10-09T12:00").completed(occurred="2026-10-08T16:00", number=9)
    await world.save()
    return world


async def gridwhistle(stack: LocalStack, *words: str) -> tuple[int, str, str]:
    """Run the command; it has an event loop of its own, so it has a thread of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--mongo-url", stack.mongo_url])
    return result.exit_code, result.stdout, result.stderr


async def test_a_case_is_explained_to_the_second(infra: LocalStack, kept: Kept) -> None:
    """Every clock, also those that moved out of the document, computed from its ledger as it is stored."""
    status, out, _ = await gridwhistle(infra, "case", "explain", kept.case_id, "--json")
    told = json.loads(out)
    assert (status, told["agrees"]) == (0, True)
    assert len(told["clocks"]) == 2 * 8 + 2
    handle = next(clock for clock in told["clocks"] if clock["key"] == "housing#9/handle")
    assert datetime.fromisoformat(handle["due_at"]) == local("2026-10-08T16:30")
    assert datetime.fromisoformat(handle["original_due_at"]) == local("2026-10-08T10:00")
    assert [line["what"] for line in handle["lines"]] == [
        *("started", "held", "resumed", "extended", "warned", "warned", "breached", "withdrawn", "stopped"),
    ]
    counted = {day["day"]: day["amount"] for day in handle["days"] if day["amount"]}
    assert counted == {"2026-09-30": 60, "2026-10-08": 240}
    assert handle["verdict"] == "on_time"


async def test_an_explanation_is_readable(infra: LocalStack, kept: Kept) -> None:
    """One table for the ledger and one for the days, in local time."""
    status, out, _ = await gridwhistle(infra, "case", "explain", kept.case_id, "--clock", "housing#9/handle")
    assert status == 0
    assert "housing#9/handle (housing): 4 working_hours from 2026-09-30 15:30:00, due 2026-10-08 16:30:00" in out
    assert "originally 2026-10-08 10:00:00" in out
    assert "180 minutes left" in out
    status, out, _ = await gridwhistle(infra, "case", "explain", kept.case_id, "--clock", "case")
    assert (status, "no working time" in out) == (0, True)


async def test_a_case_is_shown(infra: LocalStack, kept: Kept) -> None:
    """Level, clocks and team, without anybody's address."""
    status, out, _ = await gridwhistle(infra, "case", "show", kept.case_id)
    assert status == 0
    assert "housing#9/handle" in out
    assert "unknown to" in out
    assert "Team 1, round" in out
    status, out, _ = await gridwhistle(infra, "case", "show", kept.case_id, "--json")
    assert json.loads(out)["escalation"]["team"]["seats"][0]["department"] == "housing"


async def test_a_store_that_says_otherwise_is_found(infra: LocalStack, kept: Kept) -> None:
    """A due instant that somebody moved by a second, and a ledger line of a clock that was put away."""
    database = kept.client["gw_escalation"]
    clocks = (await database["cases"].find_one({"_id": kept.case_id}) or {})["s"]["clocks"]
    at = next(number for number, clock in enumerate(clocks) if clock["key"] == "housing#9/handle")
    field = f"s.clocks.{at}.due_at"
    moved = {"$set": {field: clocks[at]["due_at"] + timedelta(seconds=1)}}
    await database["cases"].update_one({"_id": kept.case_id}, moved)
    try:
        status, _, err = await gridwhistle(infra, "case", "explain", kept.case_id)
        assert status == 1
        assert "housing#9/handle: due_at is stored as 2026-10-08 16:30:01" in err
    finally:
        await database["cases"].update_one({"_id": kept.case_id}, {"$set": {field: clocks[at]["due_at"]}})
    old = await database[LEDGER].find_one({"case_id": kept.case_id}) or {}
    await database[LEDGER].update_one({"_id": old["_id"]}, {"$set": {"clock.ledger.0.calendar": "another"}})
    status, _, err = await gridwhistle(infra, "case", "explain", kept.case_id)
    await database[LEDGER].replace_one({"_id": old["_id"]}, old)
    assert (status, "by another is stored" in err) == (1, True)


@pytest.mark.parametrize("command", ["show", "explain"])
async def test_a_case_nobody_knows_is_a_problem(infra: LocalStack, command: str) -> None:
    """And a number that is none is wrong usage."""
    status, _, err = await gridwhistle(infra, "case", command, f"{DISTRICT}-260930-bbbbbbbb")
    assert (status, "know" in err) == (1, True)
    status, _, _ = await gridwhistle(infra, "case", command, "nonsense")
    assert status == 2


async def test_a_case_of_an_unknown_profile_cannot_be_explained(infra: LocalStack, kept: Kept) -> None:
    """Its calendar is not there; the command says which."""
    number = f"{DISTRICT}-260930-cccccccc"
    state = kept.state.model_copy(update={"case_id": number, "district": "970003"})
    document = {"_id": number, "v": 1, "s": state.model_dump(mode="python", exclude_defaults=True)}
    await kept.client["gw_escalation"]["cases"].insert_one(document)
    status, _, err = await gridwhistle(infra, "case", "explain", number)
    assert status == 1
    assert "version 1 of district 970003" in err

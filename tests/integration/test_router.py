"""The router as a process of its own, on a real broker and a real database: what goes in, what comes out."""

from __future__ import annotations

import asyncio
import shutil
import urllib.request
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from deploy.local.component import Component
from shared.contracts import commands as say
from shared.contracts.actors import Actor
from shared.contracts.base import Event
from shared.contracts.escalations import ClockBreached, ClockKind
from shared.contracts.ids import event_id, task_id
from shared.contracts.incidents import ReportAccepted, ReportMerged
from shared.contracts.limits import Limit
from shared.district.model import Profile
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.routing import CENTRE, GRID, MINUTE, PHOTO, PROFILE, dept, merged, report

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "930001"
START = datetime(2026, 7, 1, 1, tzinfo=UTC)
RATE = 1_800.0
"""Half an hour of domain time a second: what waits a quarter of an hour is seen in half a second."""


@dataclass(slots=True)
class Desk:
    """One running router, and somebody who talks to it over the bus."""

    bus: Bus
    clock: ScaledClock
    component: Component
    cases: Any
    heard: list[ConsumerRecord] = field(default_factory=list)
    sent: int = 0

    async def give(self, event: Event, id_: str | None = None) -> str:
        """Put an event on its topic; return its id."""
        self.sent += 1
        name = id_ or event_id(f"test_router/{self.sent}", 0)
        await self.bus.emit(event, name)
        return name

    async def report(self, number: int, category: str | None = "E06010", **more: Any) -> str:
        """Report something; return the case's number."""
        event = self.accepted(number, category, **more)
        await self.give(event)
        return event.case_id

    def accepted(self, number: int, category: str | None = "E06010", **more: Any) -> ReportAccepted:
        """Return a report of this district."""
        made = report(category, number=number, at=self.clock.now())
        own = {"district": DISTRICT, "case_id": DISTRICT + made.case_id[6:], "profile_version": 1}
        return made.model_copy(update={**own, **more})

    async def say(self, kind: type[say.Command], case: str, actor: Actor, **fields: Any) -> None:
        """Give a command; `department` names its first task."""
        now = self.clock.now()
        if "department" in fields:
            fields["task_id"] = task_id(case, fields.pop("department"), 1)
        facts: dict[str, Any] = {"district": DISTRICT, "case_id": case, "occurred_at": now, "recorded_at": now}
        await self.give(kind(**facts, actor=actor, **fields))

    async def breach(self, case: str, kind: ClockKind) -> None:
        """Say as escalation that a limit has passed."""
        now = self.clock.now()
        facts: dict[str, Any] = {"district": DISTRICT, "case_id": case, "occurred_at": now, "recorded_at": now}
        await self.give(ClockBreached(**facts, clock_id="c", kind=kind, owner="centre", due_at=now, late_by=0))

    async def state(self, case: str) -> dict[str, Any]:
        """Return a case as it is stored."""
        document = await self.cases.find_one({"_id": case})
        return (document or {}).get("s") or {}

    async def until_state(self, case: str, state: str) -> dict[str, Any]:
        """Wait for a case to be in a state."""

        async def reached() -> dict[str, Any]:
            found = await self.state(case)
            return found if found.get("state") == state else {}

        found: dict[str, Any] = await until(reached, 30, f"{case} {state}")
        return found

    async def until_said(self, case: str, type_: str, times: int = 1) -> list[ConsumerRecord]:
        """Wait for an event of a case; return all that was said of the case, in order."""
        return await self._until(f"gw.{DISTRICT}.cases", case, type_, times)

    async def _until(self, topic: str, case: str, type_: str, times: int) -> list[ConsumerRecord]:
        def about(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            return [one for one in records if one.key == case.encode()]

        def enough(records: list[ConsumerRecord]) -> bool:
            return sum(short(one) == type_ for one in about(records)) >= times

        return about(await self.bus.read([topic], enough))

    async def letter(self, case: str, error: str) -> dict[str, Any]:
        """Wait for a dead letter of a case with an error."""

        def found(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
            letters = [data(one) for one in records if one.key == case.encode()]
            return [one for one in letters if one["error"] == error]

        records = await self.bus.read([f"gw.{DISTRICT}.dead-letters"], lambda read: bool(found(read)))
        return found(records)[-1]

    async def metrics(self) -> dict[str, float]:
        """Return what /metrics says, by series."""
        lines = (await self.exposition()).splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    async def exposition(self) -> str:
        """Return /metrics as Prometheus reads it."""

        def fetch() -> str:
            with urllib.request.urlopen(f"{self.component.url}/metrics", timeout=5) as answer:  # noqa: S310
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)


def short(record: ConsumerRecord) -> str:
    """Return `task.assigned` of a record."""
    return header(record, "ce_type").removeprefix("gridwhistle.").removesuffix(".v1")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(infra: LocalStack) -> AsyncIterator[Desk]:
    """Run one router for one district, on a clock that runs fast."""
    client = connect(infra.mongo_url)
    profile = Profile.model_validate({**PROFILE, "code": DISTRICT, "version": 0})
    await ProfileStore(client[DATABASE]).apply(profile, START)
    clock = ScaledClock(START, wall_clock(), RATE)
    env = {
        "GW_DISTRICTS": DISTRICT,
        "GW_MODE": "demo",
        "GW_CLOCK_START": clock.start.isoformat(),
        "GW_CLOCK_ORIGIN": clock.origin.isoformat(),
        "GW_CLOCK_RATE": str(clock.rate),
    }
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(f"gw.{DISTRICT}.{suffix}" for suffix in ("incidents", "commands", "cases")))
        await bus.create(*(f"gw.{DISTRICT}.{suffix}" for suffix in ("escalations", "dead-letters")))
        component = await infra.add_replica("router", env)
        try:
            yield Desk(bus, clock, component, client["gw_router"]["cases"])
        finally:
            await component.stop()
            client.close()


async def test_a_flooded_basement_from_report_to_closing(desk: Desk) -> None:
    """One case, three tasks, and each event once, in order, keyed by the case."""
    case = await desk.report(1, text="小区积水没过膝盖")
    await desk.until_said(case, "task.assigned", 3)
    for department in ("housing", "civil-affairs", "water"):
        await desk.say(say.AcceptTask, case, dept(department), department=department)
        await desk.say(say.CompleteTask, case, dept(department), department=department, evidence=(PHOTO,))
    await desk.until_state(case, "resolved")
    await desk.say(say.VerifyCase, case, GRID, ok=True)
    records = await desk.until_said(case, "case.closed")
    work = ["task.accepted", "task.completed"]
    assert [short(one) for one in records] == [
        *("case.opened", "task.assigned", "task.assigned", "task.assigned"),
        *(work * 3),
        *("case.resolved", "case.verified", "case.closed"),
    ]
    assert len({header(one, "ce_id") for one in records}) == len(records)
    assert {header(one, "ce_correlationid") for one in records} == {case}
    opened, closed = data(records[0]), data(records[-1])
    assert (opened["rule"], opened["lead"], opened["joint"]) == ("flood", "housing", True)
    assert closed["outcome"] == "solved"
    assert closed["handling_seconds"] > 0


async def test_a_report_delivered_twice_is_one_case(desk: Desk) -> None:
    """The second copy repeats the same events under the same ids, if any."""
    event = desk.accepted(2)
    await desk.give(event, "11111111-1111-5111-8111-111111111111")
    await desk.give(event, "11111111-1111-5111-8111-111111111111")
    await desk.give(event, "22222222-2222-5222-8222-222222222222")
    await desk.say(say.AcceptTask, event.case_id, dept("urban"), department="urban")
    records = await desk.until_said(event.case_id, "task.accepted")
    ids = [header(one, "ce_id") for one in records if short(one) == "case.opened"]
    assert len(set(ids)) == 1
    assert len((await desk.state(event.case_id))["tasks"]) == 1


async def test_a_command_that_overtakes_its_case_waits_for_it(desk: Desk) -> None:
    """Topics are read independently, and our own lag is not the sender's fault."""
    event = desk.accepted(3)
    await desk.say(say.AcceptTask, event.case_id, dept("urban"), department="urban")
    await until(lambda: desk.cases.find_one({"_id": event.case_id}), 30, "the parked command")
    await desk.give(event)
    records = await desk.until_said(event.case_id, "task.accepted")
    assert [short(one) for one in records] == ["case.opened", "task.assigned", "task.accepted"]


async def test_triage_classification_and_re_routing(desk: Desk) -> None:
    """A human names the category, a department refuses, the centre decides."""
    case = await desk.report(4, None)
    await desk.until_said(case, "case.triaged")
    await desk.say(say.ClassifyCase, case, CENTRE, category="E06010")
    await desk.until_state(case, "dispatched")
    await desk.say(say.ReturnTask, case, dept("urban"), department="urban", reason="not ours", suggest="water")
    await desk.say(say.AssignCase, case, CENTRE, lead="water", reason="arbitrated")
    records = await desk.until_said(case, "task.assigned", 2)
    assert [short(one) for one in records] == [
        *("case.triaged", "case.opened", "task.assigned", "task.returned", "task.superseded", "task.assigned"),
    ]
    assert (data(records[3])["count"], data(records[3])["allowed"]) == (1, 2)
    assert "waiting" not in await desk.state(case)


async def test_what_may_not_be_is_a_dead_letter_that_says_why(desk: Desk) -> None:
    """With the state it met; the case is as it was."""
    case = await desk.report(5, "E03002")
    await desk.until_state(case, "dispatched")
    await desk.say(say.AcceptTask, case, dept("water"), department="urban")
    await desk.say(say.CompleteTask, case, dept("urban"), department="urban")
    await desk.say(say.AcceptTask, case, dept("urban"), task_id=f"{case}/moon#1")
    await desk.say(say.VerifyCase, case, GRID, ok=True)
    await desk.give(desk.accepted(5, report_id="another", case_id=case))
    met = {error: (await desk.letter(case, error)).get("state_met") for error in (
        "forbidden", "missing-evidence", "unknown-task", "illegal-transition", "case-id-collision",
    )}  # fmt: skip
    assert met == {
        "forbidden": "assigned",
        "missing-evidence": "assigned",
        "unknown-task": "dispatched",
        "illegal-transition": "dispatched",
        "case-id-collision": "dispatched",
    }
    assert (await desk.letter(case, "forbidden"))["message"] == "Only urban may act on its task."


async def test_a_report_under_a_profile_that_is_not_there_is_a_dead_letter(desk: Desk) -> None:
    """It can be replayed once the profile is applied, and holds nobody up meanwhile."""
    case = await desk.report(6, profile_version=77)
    letter = await desk.letter(case, "unknown-district")
    assert "version 77" in letter["message"]


async def test_what_is_for_others_leaves_no_trace(desk: Desk) -> None:
    """The whistle is escalation's; neither state nor dead letter comes of it here."""
    case = await desk.report(7)
    await desk.until_state(case, "dispatched")
    before = (await desk.cases.find_one({"_id": case}))["v"]
    await desk.say(say.BlowWhistle, case, CENTRE, departments=("urban",))
    await desk.say(say.AcceptTask, case, dept("urban"), department="urban")
    await desk.until_state(case, "in_progress")
    assert (await desk.cases.find_one({"_id": case}))["v"] == before + 1


async def test_a_hold_ends_by_itself_and_a_case_nobody_verified_closes(desk: Desk) -> None:
    """The first by the router's own sweep, the second by escalation's word."""
    case = await desk.report(8)
    await desk.until_state(case, "dispatched")
    until_ = desk.clock.now() + 20 * MINUTE
    await desk.say(say.HoldTask, case, dept("urban"), department="urban", reason="rain", until=until_)
    records = await desk.until_said(case, "task.resumed")
    assert datetime.fromisoformat(data(records[-1])["occurred_at"]) == until_.replace(
        microsecond=until_.microsecond // 1000 * 1000
    )
    await desk.say(say.CompleteTask, case, dept("urban"), department="urban")
    await desk.until_state(case, "resolved")
    await desk.breach(case, ClockKind.VERIFY)
    closed = (await desk.until_said(case, "case.closed"))[-1]
    assert data(closed)["outcome"] == "solved_unverified"


async def test_a_case_waits_for_the_dispute_that_is_linked_with_it(desk: Desk) -> None:
    """Whichever of the two the link was noted at; it closes by itself when the dispute has ended."""
    event, quarrel = await desk.report(9), await desk.report(10, "D0402")
    await desk.until_state(quarrel, "dispatched")
    await desk.say(say.LinkCase, quarrel, CENTRE, other=event)
    await desk.until_said(quarrel, "case.linked")
    await desk.say(say.CompleteTask, event, dept("urban"), department="urban")
    await desk.until_state(event, "resolved")
    await desk.say(say.VerifyCase, event, GRID, ok=True)
    await desk.until_said(event, "case.verified")
    assert (await desk.state(event))["closing"] == "solved"
    await desk.say(say.CompleteTask, quarrel, dept("justice"), department="justice")
    await desk.until_state(quarrel, "resolved")
    assert (await desk.state(event))["state"] == "resolved"
    await desk.say(say.VerifyCase, quarrel, GRID, ok=True)
    await desk.until_state(quarrel, "closed")
    await desk.until_state(event, "closed")


async def test_a_link_to_a_case_that_is_not_there_is_refused(desk: Desk) -> None:
    """A typing mistake is told at once."""
    case = await desk.report(11)
    await desk.until_state(case, "dispatched")
    await desk.say(say.LinkCase, case, CENTRE, other=f"{DISTRICT}-260701-zzzzzzzz")
    assert "zzzzzzzz" in (await desk.letter(case, "unknown-case"))["message"]


async def test_extensions_and_merged_reports_are_kept(desk: Desk) -> None:
    """Counted in the case; the state stays small."""
    case = await desk.report(12)
    await desk.until_state(case, "dispatched")
    made = merged(case, number=13, at=desk.clock.now()).model_dump()
    await desk.give(ReportMerged.model_validate({**made, "district": DISTRICT, "profile_version": 1}))
    limit = Limit.model_validate("1 working_days")
    await desk.say(say.ExtendTask, case, dept("urban"), department="urban", reason="frost", limit=limit)
    await desk.until_said(case, "task.extended")
    await until(lambda: desk.cases.find_one({"_id": case, "s.merged": 1}), 30, "the merged report")
    state = await desk.state(case)
    assert (state["reporters"], state["tasks"][0]["extensions"]) == (2, 1)
    assert "text" not in str(state)


async def test_the_metrics_say_what_happened_and_what_is_open(desk: Desk) -> None:
    """Every series of the district exists, the gauges follow the database, and promtool has nothing to complain of."""
    before = await desk.metrics()
    case = await desk.report(14)
    await desk.until_state(case, "dispatched")

    async def shown() -> bool:
        open_now = (await desk.metrics()).get(_series("open_tasks", department="urban", state="assigned"), 0)
        stored = await desk.cases.count_documents(
            {"open": {"$gte": f"{DISTRICT}/"}, "work": {"$regex": "urban/assigned"}}
        )
        return bool(stored > 0 and open_now == stored)

    await until(shown, 40, "the gauge")
    after = await desk.metrics()
    opened = _series("cases_total", event="opened")
    assert after[opened] == before[opened] + 1
    assert after[_series("tasks_total", department="police", event="returned")] == 0
    assert after[_series("rule_matches_total", rule="default")] > 0
    assert after["gridwhistle_router_ready"] == 1


def _series(name: str, **labels: str) -> str:
    pairs = {"district": DISTRICT, **labels}
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(pairs.items()))
    return f"gridwhistle_router_{name}{{{inside}}}"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH (Debian: prometheus)")
async def test_promtool_finds_nothing_in_our_metrics(desk: Desk) -> None:
    """Names, units and help texts are as Prometheus wants them."""
    ours = [line for line in (await desk.exposition()).splitlines(keepends=True) if "gridwhistle_router" in line]
    process = await asyncio.create_subprocess_exec(
        "promtool", "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await process.communicate("".join(ours).encode())
    assert process.returncode == 0, said.decode()

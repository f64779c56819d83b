"""The router as a process of its own, on a real broker and a real database: what goes in, what comes out."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from shared.contracts import commands as say
from shared.contracts.escalations import ClockKind
from shared.contracts.incidents import ReportMerged
from shared.contracts.limits import Limit
from tests.support.bus import data, header, until
from tests.support.desk import Desk, running, short
from tests.support.routing import CENTRE, GRID, MINUTE, PHOTO, dept, merged

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "950001"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(infra: LocalStack) -> AsyncIterator[Desk]:
    """Give the router that most tests share."""
    async with running(infra, DISTRICT) as made:
        yield made


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
            {"open": {"$gte": f"{DISTRICT}/", "$lt": f"{DISTRICT}0"}, "work": {"$regex": "urban/assigned"}}
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

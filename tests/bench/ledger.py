"""`python -m tests.bench.ledger`: what the ledger costs a report, and what asking it costs, on a mongod of its own.

The events are those of an ordinary report that ended: accepted, opened, 1.8 tasks assigned and completed, their clocks
stopped, closed, 3.75 notices delivered. Processor time of this process and of mongod for pages of different sizes; then
the time of one `kpi` over a district of as many cases as 崆峒区 has in a year.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from deploy.figures.answer import Question, whole_as_json
from deploy.figures.items import By
from deploy.figures.reading import SERVICES, Archive
from deploy.local import LocalStack
from shared.contracts import cases, escalations, incidents, notifications
from shared.contracts.base import Event
from shared.contracts.cases import Outcome, TaskRole
from shared.contracts.escalations import Verdict
from shared.contracts.ids import case_id
from shared.infra.clock import SystemClock
from shared.infra.engine.inbox import Input
from shared.infra.engine.outbox import Outgoing, outgoing_events
from shared.infra.ledger import COLLECTION, Ledger
from shared.infra.mongo import connect
from tests.bench.meter import cpu_seconds
from tests.support.model.days import BEIJING
from tests.support.stack import infra_config

DISTRICT = "620802"
NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
NOTICES = (4, 4, 4, 3)
TASKS = (2, 2, 2, 2, 1)
YEAR = 32_000
"""Cases: what 崆峒区 handles in a year."""


Facts = dict[str, Any]


def history(number: int) -> Iterator[Event]:
    """Yield what one ordinary report entails that the ledger keeps."""
    at = NOON + timedelta(minutes=16 * number)
    case = case_id(DISTRICT, at.astimezone(BEIJING), "grid-app", f"B-{number}")
    base: Facts = {"district": DISTRICT, "case_id": case, "occurred_at": at, "recorded_at": at}
    facts: Facts = {"grid": f"6208020010010{number % 90:02}", "township": "620802001", "partner": "grid-app", **base}
    facts |= {"partner_kind": "grid_app", "profile_version": 1, "category": "E06010", "text": "楼道堆放杂物"}
    yield incidents.ReportAccepted(**facts, report_id=f"B-{number}", reporter_ref="r" * 36)
    yield cases.CaseOpened(**facts, opened_at=at, rule="r", severity=3, lead="housing")
    for index in range(TASKS[number % len(TASKS)]):
        yield from _task(base, "water" if index else "housing", TaskRole.ASSIST if index else TaskRole.LEAD)
    closed: Facts = {"handling_seconds": 3600.5, "category": "E06010", "department": "housing"}
    yield cases.CaseClosed(**base, **closed, outcome=Outcome.SOLVED)
    for index in range(NOTICES[number % len(NOTICES)]):
        told: Facts = {"audience": "duty_officer", "recipient": "housing/duty_officer", "channel": "file"}
        yield notifications.NoticeDelivered(
            **base, **told, step="assigned", notice_id=f"{number:032x}{index}", attempts=1
        )


def _task(base: Facts, department: str, role: TaskRole) -> Iterator[Event]:
    task: Facts = {**base, "task_id": f"{base['case_id']}/{department}#1"}
    yield cases.TaskAssigned(**task, department=department, role=role)
    yield cases.TaskCompleted(**task, department=department, role=role)
    clock: Facts = {**task, "clock_id": f"{task['task_id']}/handle", "kind": "handle", "owner": department}
    clock |= {"original_due_at": base["occurred_at"], "due_at": base["occurred_at"]}
    yield escalations.ClockStopped(**clock, verdict=Verdict.ON_TIME, original_verdict=Verdict.ON_TIME)


def records(first: int, number: int) -> list[Outgoing]:
    """Return the records of some reports."""
    made: list[Outgoing] = []
    for one in range(first, first + number):
        for ordinal, event in enumerate(history(one)):
            made += outgoing_events("bench", Input(event.case_id, f"{one}/{ordinal}", None), [event])
    return made


async def measure() -> None:
    """Run mongod, write a year, ask about it, and print what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        async with LocalStack(infra_config(Path(folder))) as stack:
            pid = stack.mongo.pid or 0
            client = connect(stack.mongo_url)
            for size in (1, 10, 100, 1_000):
                await _write(Ledger(client[f"bench_{size}"], SystemClock()), pid, size)
            await _ask(client)
            client.close()


async def _write(ledger: Ledger, pid: int, size: int, reports: int = 2_000) -> None:
    await ledger.create_indexes()
    made = records(0, reports)
    each = len(made) / reports
    ours, theirs = time.process_time(), cpu_seconds(pid)
    for start in range(0, len(made), size):
        await ledger.note(made[start : start + size])
    ours, theirs = time.process_time() - ours, cpu_seconds(pid) - theirs
    kept = (await ledger.database.command("collStats", COLLECTION))["size"] / reports
    costs = f"service {ours / reports * 1e6:.0f} µs, mongod {theirs / reports * 1e6:.0f} µs"
    typer.echo(f"pages of {size} rows: {costs}, {each:.1f} rows, {kept:.0f} bytes a report")


async def _ask(client: Any) -> None:
    archive = Archive(client, SystemClock())
    parts = [Ledger(archive.client[f"gw_{service}"], SystemClock()) for service in SERVICES]
    for start in range(0, YEAR, 500):
        made = records(start, 500)
        for index, ledger in enumerate(parts):
            await ledger.note(made[index :: len(parts)])
    for by in (None, By.DAY):
        begun = time.process_time()
        until = await archive.now()
        book = await archive.book(DISTRICT, until)
        read = time.process_time() - begun
        whole_as_json(book, Question(DISTRICT, until, ZoneInfo("Asia/Shanghai"), by), None)
        whole = time.process_time() - begun
        typer.echo(f"kpi of {YEAR:,} cases by {by}: {whole:.1f} s of processor time, of which reading {read:.1f} s")


if __name__ == "__main__":
    asyncio.run(measure())

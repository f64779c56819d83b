"""The drill itself, once onto an empty broker and once onto the one that was not lost."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.backup.databases import documents
from deploy.local import LocalStack, StackConfig
from deploy.local.component import together
from deploy.local.config import VirtualClock
from shared.contracts.topics import Topic
from shared.infra.clock import Clock, ScaledClock, monotonic, wall_clock
from shared.infra.mongo import connect
from tests.drill.office import DISTRICT, EVIDENCE, Event, Office, taken_on
from tests.drill.proofs import delivered, differing, notices
from tests.support.bus import open_bus
from tests.support.stack import free_port_base

START = datetime(2026, 6, 1, 0, 30, tzinfo=UTC)
"""A Monday, half past eight in the morning over there."""

RATE = 240.0
"""Four minutes of the district in a second: clocks of hours end while one looks."""

ROUNDED = timedelta(seconds=1)
"""The instant of a backup is told in whole seconds."""

SERVICES = ("intake", "router", "escalation", "notifier")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how fast, where. `kept`: the broker outlives the loss."""

    state: Path
    cache: Path
    kept: bool
    seconds: float = 60.0
    per_second: float = 20.0
    after: float = 10.0


@dataclass(slots=True)
class Outcome:
    """What was seen. `figures` for the page, `wrong` for the exit status."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, sentence: str, *, hold: bool) -> None:
        """Note what does not hold."""
        if not hold:
            self.wrong.append(sentence)


async def gridwhistle(stack: LocalStack, *arguments: str) -> Any:
    """Run a command in a process of its own; return its status with what it printed as JSON."""
    env = {**stack.env, "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli.main", *arguments, "--json"),
        env=env,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return {"status": process.returncode, **(json.loads(printed) if printed else {})}


def _config(plan: Plan, state: str, origin: datetime, **more: Any) -> StackConfig:
    secrets = str(plan.state / "before" / "secrets" / "vault.keys")
    clock = VirtualClock(start=START, origin=origin, rate=RATE)
    common: dict[str, Any] = {"broker": "kafka", "districts": (DISTRICT,), "mode": "demo", "clock": clock}
    folder = plan.state / state
    env = {"GW_VAULT_KEYS_FILE": secrets}
    return StackConfig(state=folder, cache=plan.cache, port_base=free_port_base(), env=env, **common, **more)


async def drill(plan: Plan, say: Say) -> Outcome:
    """Load, back up, lose, bring back, prove."""
    shutil.rmtree(plan.state, ignore_errors=True)
    outcome, origin = Outcome(), wall_clock()
    clock = ScaledClock(START, origin, RATE)
    async with LocalStack(_config(plan, "before", origin), say) as before:
        sent, backup = await _load_and_back_up(plan, before, clock, outcome, say)
        lost_at = monotonic()
        if plan.kept:
            await _lose_the_database(before)
            await _bring_back(plan, before, outcome, "--force", "--kept-broker")
            await _prove(plan, before, clock, sent, backup, outcome, lost_at)
            return outcome
        for component in before.components():
            component.kill()
    async with LocalStack(_config(plan, "after", origin, provision=False, services=()), say) as after:
        await _bring_back(plan, after, outcome)
        await _prove(plan, after, clock, sent, backup, outcome, lost_at)
    return outcome


async def _load_and_back_up(
    plan: Plan, stack: LocalStack, clock: Clock, outcome: Outcome, say: Say
) -> tuple[dict[str, datetime], Event]:
    """Return what was reported when, and what the command said of the backup."""
    async with open_bus(stack.bootstrap) as bus:
        office = Office(bus, clock, "before")
        await office.nonsense()
        with _going_on(office.steadily(plan.per_second), office.take_on()):
            await asyncio.sleep(plan.seconds)
            backup = await gridwhistle(stack, "backup", str(plan.state / "backup"))
            await asyncio.sleep(plan.after)
    names = ("documents", "bytes", "seconds", "looks")
    outcome.figures |= {name: backup[name] for name in names} | {"records": backup["records"]["count"]}
    say(f"{len(office.sent)} reports; backup: {outcome.figures}")
    return office.sent, backup


@contextmanager
def _going_on(*works: Any) -> Iterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()


async def _lose_the_database(stack: LocalStack) -> None:
    """Services stand still, for their database is gone with its disk; an empty one is put in its place."""
    for _, component in stack.replicas():
        await component.stop()
    stack.mongo.kill()
    data = stack.config.state / "mongo"
    shutil.rmtree(data)
    data.mkdir()
    await stack.mongo.start()


async def _bring_back(plan: Plan, stack: LocalStack, outcome: Outcome, *options: str) -> None:
    """Restore, look whether it is what was put aside, and start the services."""
    folder = plan.state / "backup"
    done = await gridwhistle(stack, "restore", str(folder), *options)
    outcome.must(f"The restore ended with status {done['status']}.", hold=done["status"] == 0)
    outcome.figures |= {name: done.get(name) for name in ("restore_seconds", "said_again", "read_again", "lost")}
    differ = await differing(folder, stack.mongo_url)
    outcome.must(f"Not as they were: {', '.join(differ)}.", hold=not differ)
    there = [component.start() for _, component in stack.replicas()]
    if there:
        await together(*there)
    else:
        await together(*(stack.add_replica(name) for name in SERVICES))


async def _prove(
    plan: Plan,
    stack: LocalStack,
    clock: Clock,
    sent: dict[str, datetime],
    backup: Event,
    outcome: Outcome,
    lost_at: float,
) -> None:
    """Prove that what was put aside lives on, and count what came after it."""
    folder = plan.state / "backup"
    told_before = len(notices(plan.state / "before" / "notices.jsonl")) if plan.kept else 0
    async with open_bus(stack.bootstrap) as bus:
        office = Office(bus, clock, "afterwards", first=9_000)
        new = await office.report()
        routed = await office.heard(Topic.INCIDENTS, "report.accepted", report_id=new)
        await office.heard(Topic.CASES, "task.assigned", case_id=routed[0]["case_id"])
        outcome.figures["back_after_seconds"] = round(monotonic() - lost_at, 1)
        await _finish_an_old_case(office, folder, outcome)
        late = await office.heard(Topic.ESCALATIONS, "clock.breached")
        outcome.figures["clocks_breached"] = len(late)
    check = await gridwhistle(stack, "check", "--patience", "60")
    outcome.must(f"Conservation: {check.get('wrong')}", hold=check["status"] == 0)
    letters = await gridwhistle(stack, "dead-letters", "list", "--district", DISTRICT)
    outcome.figures["dead_letters"] = letters["total"]
    await _count_lost(stack, sent, backup, outcome)
    file = stack.config.state / "notices.jsonl"
    again = set(notices(file)[told_before:]) & delivered(folder)
    outcome.must(f"{len(again)} notices that had been delivered were sent again.", hold=not again)
    outcome.figures["notices_afterwards"] = len(notices(file)) - told_before


async def _finish_an_old_case(office: Office, folder: Path, outcome: Outcome) -> None:
    """Take on, complete and verify what had been assigned before the loss."""
    cases = (one["s"] for one in documents(folder / "gw_router" / "cases.bson.gz") if "s" in one)
    old = next(case for case in cases if case["state"] == "dispatched" and "dispute" not in case and _untouched(case))
    id_ = old["case_id"]
    for task in old["tasks"]:
        task_id = f"{id_}/{task['department']}#{task.get('number', 1)}"
        await office.command(task["department"], "task.accept", id_, task_id=task_id)
        await office.command(task["department"], "task.complete", id_, task_id=task_id, evidence=EVIDENCE)
    await office.heard(Topic.CASES, "case.resolved", case_id=id_)
    await office.command("centre", "case.verify", id_, ok=True)
    closed = await office.heard(Topic.CASES, "case.closed", case_id=id_)
    outcome.must(f"The old case {id_} was closed {len(closed)} times.", hold=len(closed) == 1)


def _untouched(case: Any) -> bool:
    """Say whether no department of the load's would have taken it on."""
    tasks = case.get("tasks", ())
    names = [f"{case['case_id']}/{task['department']}#{task.get('number', 1)}" for task in tasks]
    return bool(names) and not any(taken_on(name) for name in names)


async def _count_lost(stack: LocalStack, sent: dict[str, datetime], backup: Event, outcome: Outcome) -> None:
    """Count the reports that no service has: all of them must be younger than the backup."""
    client = connect(stack.mongo_url)
    try:
        known = {one["_id"].rpartition("/")[2] async for one in client["gw_intake"]["reports"].find({}, {"_id": 1})}
    finally:
        client.close()
    lost = {id_: at for id_, at in sent.items() if id_ not in known}
    as_of = datetime.fromisoformat(backup["as_of"])
    older = [id_ for id_, at in lost.items() if at < as_of - ROUNDED]
    outcome.must(f"{len(older)} reports from before the backup are lost.", hold=not older)
    outcome.figures |= {"reports": len(sent), "reports_lost": len(lost)}

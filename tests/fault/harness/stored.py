"""What is left in the databases: each case as the four services keep it, without the instants; and what is stuck."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.infra.clock import Clock, wall_clock
from shared.infra.mongo import connect
from tests.fault.harness.record import STALE, plain
from tests.fault.harness.world import SERVICES

Document = dict[str, Any]

STORES = (
    ("gw_intake", "reports"),
    ("gw_router", "cases"),
    ("gw_escalation", "cases"),
    ("gw_notifier", "cases"),
    ("gw_notifier", "notices"),
)


@dataclass(slots=True)
class Kept:
    """By case: lines that say how it stands. `cases_of`: the cases of each (district, partner, report)."""

    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    cases_of: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    doubled: list[str] = field(default_factory=list)
    live_after_end: list[str] = field(default_factory=list)


async def read_kept(mongo_url: str) -> Kept:
    """Read the four databases."""
    client, kept = connect(mongo_url), Kept()
    try:
        async for document in client["gw_intake"]["reports"].find({"s": {"$exists": True}}):
            _report(kept, document)
        async for document in client["gw_router"]["cases"].find({"s": {"$exists": True}}):
            _case(kept, document)
        async for document in client["gw_escalation"]["cases"].find({"s": {"$exists": True}}):
            _time(kept, document)
        async for document in client["gw_notifier"]["notices"].find({"s": {"$exists": True}}):
            _notice(kept, document)
    finally:
        client.close()
    for lines in kept.lines.values():
        lines.sort()
    return kept


def _report(kept: Kept, document: Document) -> None:
    district, partner, report = document["_id"].split("/", 2)
    kept.reports[district, partner, report].append(document["s"].get("into") or document["s"]["case_id"])


def _case(kept: Kept, document: Document) -> None:
    case, state = document["_id"], document["s"]
    kept.cases_of[state["district"], state["partner"], state["report_id"]].append(case)
    whole = " ".join(f"{name}={state.get(name)}" for name in ("state", "episode", "lead", "outcome", "refusals"))
    kept.lines[case].append(f"case {whole}")
    tasks = [f"{one['department']}#{one.get('number', 1)}" for one in state.get("tasks", ())]
    if len(tasks) != len(set(tasks)):
        kept.doubled.append(f"{case} has a task twice: {', '.join(tasks)}")
    for one in state.get("tasks", ()):
        told = (one.get(name) for name in ("role", "state", "episode", "implied", "extensions", "holds"))
        kept.lines[case].append(f"task {one['department']}#{one.get('number', 1)} {' '.join(map(str, told))}")


def _time(kept: Kept, document: Document) -> None:
    case, state = document["_id"], document["s"]
    clocks = state.get("clocks", ())
    live = [f"{one['kind']} of {one['owner']} {one.get('stage', '')}" for one in clocks if not one.get("verdict")]
    if len(live) != len(set(live)) or len(clocks) != len({one["key"] for one in clocks}):
        kept.doubled.append(f"{case} has a clock twice: {', '.join(one['key'] for one in clocks)}")
    team = state.get("team") or {}
    if state["phase"] in ("closed", "withdrawn") and (live or (team and not team.get("ended_at"))):
        kept.live_after_end.append(f"{case} is {state['phase']} and still has {live or 'its team'}")
    kept.lines[case].append(f"time {state['phase']} level={state.get('level', 0)}")
    for one in clocks:
        told = (one.get("verdict"), one.get("warned", 0), "breached" if one.get("breached_at") else "")
        kept.lines[case].append(f"clock {one['key']} {one['owner']} {' '.join(map(str, told))}")
    for seat in team.get("seats", ()):
        there = "there" if seat.get("present_at") else "away"
        kept.lines[case].append(f"seat {seat['department']} {seat.get('coming')} {there}")


def _notice(kept: Kept, document: Document) -> None:
    state = document["s"]
    case = state["case_id"]
    status, reason = state.get("status"), state.get("reason")
    ended = status == "delivered" or reason == STALE
    told = f"notice {state['step']} {state['channel']} {'ended' if ended else f'{status} {reason}'}"
    kept.lines[case].append(plain(f"{told} recipient={state['recipient']} ", case))


async def stuck(bootstrap: str, mongo_url: str, clock: Clock) -> list[str]:
    """Return what is not finished: unpublished, parked, leased, due, or still to be read."""
    found = [sentence async for sentence in _in_databases(mongo_url, clock)]
    return found + [f"{lag} records wait for {group}" for group in SERVICES if (lag := await _lag(bootstrap, group))]


async def _in_databases(mongo_url: str, clock: Clock) -> AsyncIterator[str]:
    client = connect(mongo_url)
    wanted: dict[str, Document] = {
        "outboxes are unpublished": {"outbox": {"$exists": True}},
        "documents have parked records": {"parked": {"$exists": True}},
        "leases are live": {"lease": {"$gt": wall_clock()}},
        "documents are due": {"due": {"$lte": clock.now() - timedelta(seconds=2)}},
    }
    try:
        for database, name in STORES:
            for what, query in wanted.items():
                if number := await client[database][name].count_documents(query):
                    yield f"{number} {what} in {database}.{name}"
    finally:
        client.close()


async def _lag(bootstrap: str, group: str) -> int:
    """Return how many records a group has not committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await admin.start()
    await consumer.start()
    try:
        committed = await admin.list_consumer_group_offsets(group)
        places: list[TopicPartition] = list(committed)
        ends = await consumer.end_offsets(places)
        return sum(max(0, ends[place] - committed[place].offset) for place in places)
    finally:
        await consumer.stop()
        await admin.close()

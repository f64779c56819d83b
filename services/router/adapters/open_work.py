"""Counting open cases and tasks for the gauges, from one index that holds nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING

from services.router.metrics import CaseKey, OpenWork, TaskKey

MAX_MILLISECONDS = 5_000
"""A count that takes longer is given up: figures for a dashboard must not weigh on a database that is struggling."""


async def create_indexes(cases: AsyncIOMotorCollection[dict[str, Any]]) -> None:
    """Create the index of open cases, which answers the count without reading a case, of links, and of defaulters."""
    keys = [("open", ASCENDING), ("work", ASCENDING)]
    await cases.create_index(keys, partialFilterExpression={"open": {"$gte": ""}})
    await cases.create_index("links", partialFilterExpression={"links": {"$exists": True}})
    await cases.create_index("listed", partialFilterExpression={"listed": {"$exists": True}})


async def count_open_work(cases: AsyncIOMotorCollection[dict[str, Any]], districts: Sequence[str] = ()) -> OpenWork:
    """Return what is open in the districts, in all when none is named."""
    found = OpenWork(Counter(), Counter())
    for wanted in [{"$gte": f"{district}/", "$lt": f"{district}0"} for district in districts] or [{"$gte": ""}]:
        stages: list[Mapping[str, Any]] = [
            {"$match": {"open": wanted}},
            {"$group": {"_id": {"open": "$open", "work": "$work"}, "number": {"$sum": 1}}},
        ]
        async for row in cases.aggregate(stages, maxTimeMS=MAX_MILLISECONDS):
            _add(found, row["_id"], row["number"])
    return found


def _add(found: OpenWork, group: Mapping[str, str], number: int) -> None:
    district, _, state = group["open"].partition("/")
    open_cases: Any = found.cases
    open_tasks: Any = found.tasks
    case: CaseKey = (district, state)
    open_cases[case] += number
    for one in group["work"].split():
        department, _, task_state = one.partition("/")
        task: TaskKey = (district, department, task_state)
        open_tasks[task] += number

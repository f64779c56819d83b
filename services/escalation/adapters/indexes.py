"""The indexes of escalation's own queries, beside those of the engine."""

from __future__ import annotations

from services.escalation.domain.decide import LEDGER
from services.escalation.domain.model import Case
from shared.infra.engine import AggregateStore

OPEN_DUE = "open_due"
"""Open cases by their due instant: the audit counts those that have none, by index alone."""


OPEN_GRID = "open_grid"
"""Open cases by their grid: those in grids that were cut anew, however many lie in others."""


async def create_indexes(store: AggregateStore[Case]) -> None:
    """Create them."""
    await store.create_indexes()
    await store.collection.create_index(
        [("open", 1), ("due", 1)], partialFilterExpression={"open": True}, name=OPEN_DUE
    )
    await store.collection.create_index("s.grid", partialFilterExpression={"open": True}, name=OPEN_GRID)
    await store.database[LEDGER].create_index("case_id")
    await _counted(store)


async def _counted(store: AggregateStore[Case]) -> None:
    """Create the indexes of what is counted; only cases that count for anything are in them."""
    for keys, field in (
        ([("sources", 1), ("began", 1)], "sources"),
        ([("edges.d", 1), ("edges.at", 1)], "edges"),
        ([("measure", 1)], "measure"),
    ):
        await store.collection.create_index(keys, partialFilterExpression={field: {"$exists": True}})

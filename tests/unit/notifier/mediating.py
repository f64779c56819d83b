"""What the router says of mediation, as far as somebody is told of it."""

from __future__ import annotations

from typing import Any

from shared.contracts.disputes import BatchProgressed, MediatorAssigned, TierEntered
from tests.unit.notifier.events import CASE, NOON, case_event


def tier_entered(**more: Any) -> TierEntered:
    """Return a dispute that came to a mediator."""
    facts = {
        "tier_id": f"{CASE}/tier#1",
        "tier": "community",
        "owner": "housing",
        "mediator": "m-1",
        "reason": "opened",
    }
    entered: TierEntered = case_event(TierEntered, **{**facts, "limit": "10 calendar_days", **more})
    return entered


def mediator_assigned() -> MediatorAssigned:
    """Return another mediator."""
    facts = {"tier_id": f"{CASE}/tier#1", "tier": "community", "owner": "housing", "mediator": "m-2", "reason": "回避"}
    assigned_: MediatorAssigned = case_event(MediatorAssigned, **facts)
    return assigned_


def batch_progressed(**more: Any) -> BatchProgressed:
    """Return how far a batch of households is."""
    facts = {"files": 2_300, "expected": 2_300, "agreed": 180, "fulfilled": 1_700, "counted_at": NOON}
    far: BatchProgressed = case_event(BatchProgressed, **{**facts, **more})
    return far

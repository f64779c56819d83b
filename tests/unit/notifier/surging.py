"""What intake says of a surge, for tests of the notifier."""

from __future__ import annotations

from shared.contracts.incidents import SurgeDetected, SurgeEnded, SurgeJoined, SurgeKind
from tests.unit.notifier.events import CASE, DISTRICT, NOON

PARENT = "620802-260701-surgeaaa"


def surge_detected(case: str = CASE, count: int = 12) -> SurgeDetected:
    """Return the surge whose parent a case is."""
    facts = {"district": DISTRICT, "case_id": case, "occurred_at": NOON, "recorded_at": NOON}
    return SurgeDetected.model_validate({
        **facts, "kind": SurgeKind.PLACE, "category": "E06010", "count": count, "cases": (), "lon": 106.66,
        "lat": 35.54, "radius_m": 300, "since": NOON, "profile_version": 1,
    })  # fmt: skip


def surge_ended(case: str = CASE, count: int = 14) -> SurgeEnded:
    """Return the end of that surge."""
    facts = {"district": DISTRICT, "case_id": case, "occurred_at": NOON, "recorded_at": NOON}
    return SurgeEnded.model_validate({**facts, "count": count, "since": NOON})


def surge_joined(case: str = CASE) -> SurgeJoined:
    """Return that a case belongs to a surge."""
    facts = {"district": DISTRICT, "case_id": case, "occurred_at": NOON, "recorded_at": NOON}
    return SurgeJoined.model_validate({**facts, "parent": PARENT})

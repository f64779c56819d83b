"""Tiers are counted by what became of them, from zero on."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from services.router.metrics import RouterMetrics
from shared.contracts.disputes import TierName
from tests.support.disputing import BOTH, USUAL, quarrel, record
from tests.support.routing import dept


def test_a_course_of_mediation_is_counted_by_tier() -> None:
    """Entered, heard, failed, agreed; and what did not happen is 0."""
    registry = CollectorRegistry()
    metrics = RouterMetrics.create(registry)
    metrics.know(USUAL.profile)
    story = quarrel()
    record(story, hearing=True)
    record(story, outcome="failed")
    record(story, who=dept("justice"), consent=BOTH, outcome="agreement")
    for event in story.events:
        metrics.mediation.count(event)

    def count(tier: TierName, event: str) -> float | None:
        labels = {"district": "620802", "tier": tier, "event": event}
        return registry.get_sample_value("gridwhistle_router_tiers_total", labels)

    assert [count(TierName.COMMUNITY, one) for one in ("entered", "hearing", "failed", "expired")] == [1, 1, 1, 0]
    assert [count(TierName.GOLD, one) for one in ("entered", "agreement")] == [1, 1]
    assert count(TierName.COURT, "entered") == 0

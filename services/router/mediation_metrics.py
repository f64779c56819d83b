"""What the router counts of mediation: tiers by what became of them, mediators changed, hearings held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Counter

from shared.contracts.base import Event
from shared.contracts.disputes import MediationRecorded, MediatorAssigned, TierEnded, TierEntered, TierName, TierOutcome

ENTERED, REASSIGNED, HEARING = "entered", "reassigned", "hearing"
HAPPENED = (ENTERED, REASSIGNED, HEARING, *TierOutcome)


@dataclass(frozen=True, slots=True)
class MediationMetrics:
    """How far disputes get on the ladder, and where they end."""

    tiers: Counter

    @classmethod
    def create(cls, registry: CollectorRegistry, prefix: str) -> Self:
        """Register the metrics."""
        labels = ("district", "tier", "event")
        return cls(
            Counter(f"{prefix}_tiers", "Tiers of mediation by what happened in them.", labels, registry=registry)
        )

    def know(self, district: str) -> None:
        """Start every series of a district at zero."""
        for tier in TierName:
            for event in HAPPENED:
                self.tiers.labels(district, tier, event)

    def count(self, event: Event) -> None:
        """Count what an event says of a tier."""
        if isinstance(event, TierEntered):
            self.tiers.labels(event.district, event.tier, ENTERED).inc()
        elif isinstance(event, TierEnded):
            self.tiers.labels(event.district, event.tier, event.outcome).inc()
        elif isinstance(event, MediatorAssigned):
            self.tiers.labels(event.district, event.tier, REASSIGNED).inc()
        elif isinstance(event, MediationRecorded) and event.hearing is not None:
            self.tiers.labels(event.district, event.tier, HEARING).inc()

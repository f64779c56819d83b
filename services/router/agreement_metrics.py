"""What the router counts of agreements: *agreed* and *fulfilled* apart, and the money of either in fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Counter

from shared.contracts import agreements
from shared.contracts.agreements import Cleared, Confirmation, Duty, ObligationRecorded, ObligationState, Standing
from shared.contracts.base import Event
from shared.contracts.money import fen

AGREEMENT_EVENTS: dict[type[Event], str] = {
    agreements.AgreementSigned: "agreed",
    agreements.AgreementFulfilled: "fulfilled",
    agreements.AgreementBreached: "breached",
    agreements.AgreementBreachWithdrawn: "breach_withdrawn",
    agreements.AgreementRouted: "routed",
}
AMENDED = "amended"
CONFIRMATIONS = (Confirmation.APPLIED, Confirmation.CONFIRMED, Confirmation.REFUSED)
PROMISED, KEPT_LATE = "promised", "fulfilled_late"
OBLIGATION_EVENTS = (PROMISED, *(one for one in ObligationState if one is not ObligationState.OPEN), KEPT_LATE)
STANDINGS = (*(one for one in Standing if one is not Standing.CLEARED), *Cleared)
MONEY = ("agreed", "paid")


_COUNTED = frozenset({
    *AGREEMENT_EVENTS, agreements.AgreementConfirmed, agreements.DefaulterRecorded, ObligationRecorded,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class AgreementMetrics:
    """Counters by district. Visits are the centre's own and counted by their clocks, not as promises of parties."""

    agreements: Counter
    obligations: Counter
    money: Counter
    defaulters: Counter

    @classmethod
    def create(cls, registry: CollectorRegistry, prefix: str) -> Self:
        """Register the metrics."""

        def counter(name: str, text: str) -> Counter:
            return Counter(f"{prefix}_{name}", text, ["district", "event"], registry=registry)

        return cls(
            agreements=counter("agreements", "Agreements by what became of them; agreed is not yet fulfilled."),
            obligations=counter("obligations", "Obligations of parties by what became of them."),
            money=counter("agreement_fen", "Money of agreements in fen: agreed on, and paid."),
            defaulters=counter("defaulters", "Parties on the defaulter list by what became of them there."),
        )

    def know(self, district: str) -> None:
        """Start every series of a district at zero."""
        for event in (*AGREEMENT_EVENTS.values(), AMENDED, *CONFIRMATIONS):
            self.agreements.labels(district, event)
        for counter, events in (
            (self.obligations, OBLIGATION_EVENTS),
            (self.money, MONEY),
            (self.defaulters, STANDINGS),
        ):
            for event in events:
                counter.labels(district, event)

    def count(self, event: Event) -> None:
        """Count what was said; most of what a router says is of tasks, and looked at once."""
        if type(event) not in _COUNTED:
            return
        if type(event) in AGREEMENT_EVENTS:
            self.agreements.labels(event.district, AGREEMENT_EVENTS[type(event)]).inc()
        if isinstance(event, agreements.AgreementSigned) and event.amends is not None:
            self.agreements.labels(event.district, AMENDED).inc()
        if isinstance(event, agreements.AgreementConfirmed):
            self.agreements.labels(event.district, event.step).inc()
        if isinstance(event, agreements.DefaulterRecorded):
            self.defaulters.labels(event.district, event.because or event.standing).inc()
        if isinstance(event, ObligationRecorded) and event.what is not Duty.VISIT:
            self._count_obligation(event)

    def _count_obligation(self, event: ObligationRecorded) -> None:
        if event.state is ObligationState.OPEN:
            self.obligations.labels(event.district, PROMISED).inc()
            if event.amount is not None:
                self.money.labels(event.district, "agreed").inc(fen(event.amount))
        elif event.payment is None or event.state is not ObligationState.SUPERSEDED:
            late = event.on_time is False
            self.obligations.labels(event.district, KEPT_LATE if late else event.state).inc()
        if event.payment is not None:
            self.money.labels(event.district, "paid").inc(fen(event.payment))

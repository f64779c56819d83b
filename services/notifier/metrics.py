"""The catalogue of the notifier's own metrics. Labels are closed: districts of the profiles, channels at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.base import Event
from shared.contracts.notifications import (
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeEvent,
    NoticeFailed,
    NoticeQueued,
    NoticeSuppressed,
    NoticeUnknown,
)
from shared.infra.engine.fold import Applied

PREFIX = "gridwhistle_notifier"
SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
OTHER = "other"
NONE = "none"

OUTCOMES: dict[type[Event], str] = {
    NoticeQueued: "queued",
    NoticeDelivered: "delivered",
    NoticeFailed: "failed",
    NoticeUnknown: "unknown",
    NoticeSuppressed: "suppressed",
    NoticeAcknowledged: "acknowledged",
}


@dataclass(frozen=True, slots=True)
class NotifierMetrics:
    """What the notifier counts. A channel that is not at hand is `other`, no channel at all `none`."""

    notices: Counter
    delivery_seconds: Histogram
    pending: Gauge
    channels: frozenset[str]

    @classmethod
    def create(cls, registry: CollectorRegistry, channels: Iterable[str]) -> Self:
        """Register the metrics."""
        labels = ("district", "channel", "outcome")
        known = frozenset(channels)
        made = cls(
            notices=Counter(f"{PREFIX}_notices", "Notices by what became of them.", labels, registry=registry),
            delivery_seconds=Histogram(
                f"{PREFIX}_delivery_seconds",
                "Time a channel took to answer.",
                ["channel"],
                buckets=SECONDS,
                registry=registry,
            ),
            pending=Gauge(f"{PREFIX}_pending", "Notices that are not finished.", ["channel"], registry=registry),
            channels=known,
        )
        for channel in sorted(known):
            made.delivery_seconds.labels(channel)
        made.waiting({})
        return made

    def introduce(self, district: str) -> None:
        """Start the series of a district at zero, so that a rate exists before the first event."""
        for channel in (*sorted(self.channels), OTHER, NONE):
            for outcome in OUTCOMES.values():
                self.notices.labels(district, channel, outcome)

    def applied(self, applied: Applied[Any]) -> None:
        """Count what a saved decision said of notices."""
        for event in applied.decision.events:
            if isinstance(event, NoticeEvent):
                self.notices.labels(event.district, self._label(event.channel), OUTCOMES[type(event)]).inc()

    def waiting(self, numbers: dict[str, int]) -> None:
        """Set how many notices wait on each channel."""
        totals = dict.fromkeys((*sorted(self.channels), OTHER), 0)
        for channel, number in numbers.items():
            totals[self._label(channel)] += number
        for channel, number in totals.items():
            self.pending.labels(channel).set(number)

    def _label(self, channel: str) -> str:
        return channel if channel in self.channels or channel == NONE else OTHER

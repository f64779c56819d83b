"""The metrics that every service has: records, decisions, dead letters, lag, what is due. Labels are closed sets.

A service's own catalogue is its `metrics.py`. Nothing here carries a case id or anything of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

BATCH_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BATCH_AGES = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
BATCH_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500)

DEAD_LETTER_ERRORS = (
    "bad-envelope", "bad-json", "case-id-collision", "conflicting-duplicate", "empty-record", "extension-too-long",
    "extensions-exhausted", "forbidden", "future-check-in", "holds-exhausted", "illegal-transition",
    "incomplete-visit", "internal-error", "invalid-command", "invalid-event", "invalid-report", "missing-evidence",
    "no-position", "not-a-member", "not-their-grid", "nothing-owed", "outside-geofence", "outside-grid",
    "outside-window", "refusals-exhausted", "replayed-check-in", "replayed-record", "task-expired", "too-large",
    "too-many-leaves", "unknown-case", "unknown-category", "unknown-department", "unknown-district", "unknown-grid",
    "unknown-notice", "unknown-partner", "unknown-stage", "unknown-task", "unknown-type", "unknown-worker",
)  # fmt: skip
"""Errors every catalogue starts with at zero, so that a rate exists before the first one happens."""


@dataclass(frozen=True, slots=True)
class EngineMetrics:
    """Counters around the engine, one set per service process."""

    records: Counter
    decisions: Counter
    dead_letters: Counter
    batch_seconds: Histogram
    batch_records: Histogram
    batch_age: Histogram
    lag: Gauge
    oldest_due: Gauge
    ready: Gauge
    profile_version: Gauge

    @classmethod
    def create(cls, registry: CollectorRegistry, service: str) -> EngineMetrics:
        """Register the metrics of one service, e.g. `gridwhistle_router_records_total`."""
        # A second series for every counter, with when it was made: nobody asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        prefix = f"gridwhistle_{service}"
        made: dict[str, Any] = {
            "records": Counter(f"{prefix}_records", "Records by what became of them.", ["outcome"], registry=registry),
            "decisions": Counter(f"{prefix}_decisions", "Saved decisions by reason.", ["reason"], registry=registry),
            "dead_letters": Counter(
                f"{prefix}_dead_letters", "Records refused, by error.", ["error"], registry=registry
            ),
            "batch_seconds": Histogram(
                f"{prefix}_batch_seconds", "Time of one batch.", buckets=BATCH_SECONDS, registry=registry
            ),
            "batch_records": Histogram(
                f"{prefix}_batch_records", "Records of one batch.", buckets=BATCH_SIZES, registry=registry
            ),
            "batch_age": Histogram(
                f"{prefix}_batch_age_seconds",
                "How long the oldest record of a batch had been on the bus when the batch was safe.",
                buckets=BATCH_AGES,
                registry=registry,
            ),
            "lag": Gauge(f"{prefix}_consumer_lag_records", "Records waiting.", ["topic"], registry=registry),
            "oldest_due": Gauge(
                f"{prefix}_oldest_due_seconds",
                "Age of the oldest due moment that no sweep has examined, in seconds of domain time; 0 when none.",
                registry=registry,
            ),
            "ready": Gauge(f"{prefix}_ready", "1 when broker, database and partitions are there.", registry=registry),
            "profile_version": Gauge(
                f"{prefix}_profile_version",
                "The version of each district's profile that new cases are opened under.",
                ["district"],
                registry=registry,
            ),
        }
        metrics = cls(**made)
        for outcome in ("applied", "duplicate", "rejected", "conflict", "relayed"):
            metrics.records.labels(outcome)
        for error in DEAD_LETTER_ERRORS:
            metrics.dead_letters.labels(error)
        return metrics

    def handled(self, records: Sequence[Any], seconds: float, now: float) -> None:
        """Count a batch that took so long and is safe at `now`, in seconds since 1970; a record may have no instant."""
        self.batch_seconds.observe(seconds)
        self.batch_records.observe(len(records))
        oldest = min((record.timestamp for record in records), default=0)
        if oldest > 0:
            self.batch_age.observe(max(0.0, now - oldest / 1000))

"""The catalogue of the exporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Gauge

PREFIX = "gridwhistle_exporter"


@dataclass(frozen=True, slots=True)
class ExporterMetrics:
    """What the exporter shows. Without a first look there is no figure: an alert asks since when there was none."""

    problems: Gauge
    checked_at: Gauge
    expiry: Gauge

    @classmethod
    def create(cls, registry: CollectorRegistry) -> Self:
        """Register the metrics."""

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{PREFIX}_{name}", text, labels, registry=registry)

        return cls(
            problems=gauge("conservation_problems", "Sums that do not come out and records astray; 0.", "district"),
            checked_at=gauge("check_timestamp_seconds", "When the last whole check ended, in seconds since 1970."),
            expiry=gauge(
                "certificate_expiry_timestamp_seconds", "When a certificate ends, in seconds since 1970.", "endpoint"
            ),
        )

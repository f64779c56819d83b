"""Counts and logs what the engine saved and refused; a service adds what its own metrics want to hear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from shared.decision import S, Tick
from shared.infra.engine.correlation import about_refused
from shared.infra.engine.fold import Applied, Rejection
from shared.infra.log import get_logger
from shared.infra.metrics import EngineMetrics


# No slots: on Python 3.11 a frozen generic with slots cannot be made as Class[Type](...).
@dataclass(frozen=True)
class MetricsObserver(Generic[S]):
    """The engine's observer of every service. `on_applied` hears each saved decision once."""

    metrics: EngineMetrics
    on_applied: Callable[[Applied[S]], None] = lambda _: None

    def applied(self, applied: Applied[S]) -> None:
        """Count a saved decision and tell the service's own metrics."""
        if not isinstance(applied.source.event, Tick):
            self.metrics.records.labels("applied").inc()
        self.metrics.decisions.labels(applied.decision.reason).inc()
        self.on_applied(applied)

    def rejected(self, rejection: Rejection) -> None:
        """Count and log a refusal, without anything of the record's content."""
        poison = rejection.poison
        self.metrics.dead_letters.labels(poison.error).inc()
        self.metrics.records.labels("rejected").inc()
        get_logger().warning("record_rejected", error=poison.error, **about_refused(rejection))

    def counted(self, outcome: str, number: int) -> None:
        """Count records that ended in another way."""
        self.metrics.records.labels(outcome).inc(number)

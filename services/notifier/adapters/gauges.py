"""What is measured from time to time instead of counted."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.adapters.queue import NoticeQueue
from services.notifier.metrics import NotifierMetrics
from shared.infra.clock import Clock
from shared.infra.metrics import EngineMetrics


@dataclass(frozen=True, slots=True)
class Gauges:
    """Sets the gauges of notices that wait."""

    queue: NoticeQueue
    clock: Clock
    general: EngineMetrics
    own: NotifierMetrics

    async def measure(self) -> None:
        """Look once."""
        self.own.waiting(await self.queue.pending())
        oldest = await self.queue.store.oldest_due()
        age = 0.0 if oldest is None else (self.clock.now() - oldest).total_seconds()
        self.general.oldest_due.set(max(0.0, age))

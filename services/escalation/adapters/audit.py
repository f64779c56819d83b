"""The proof that no open case was forgotten, and the dead man's switch that only a clean proof may press."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from services.escalation.adapters.indexes import OPEN_DUE
from services.escalation.domain.model import Case
from services.escalation.metrics import EscalationMetrics
from shared.infra.clock import Clock, wall_clock
from shared.infra.engine import AggregateStore
from shared.infra.log import get_logger
from shared.infra.metrics import EngineMetrics

Ping = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Audit:
    """Looks at all open cases by one indexed count. `behind_seconds` is how old, in real time, a due moment may be.

    `also` are the stores of whatever else time must pass for.
    """

    store: AggregateStore[Case]
    clock: Clock
    engine_metrics: EngineMetrics
    metrics: EscalationMetrics
    behind_seconds: float
    ping: Ping | None = None
    also: tuple[AggregateStore[Any], ...] = ()

    async def unwatched(self) -> int:
        """Count open cases for which nothing will ever happen by itself."""
        return await self.store.collection.count_documents({"open": True, "due": None}, hint=OPEN_DUE)

    async def measure(self) -> float:
        """Set the gauge of the oldest due moment; return its age in real seconds."""
        moments = [await store.oldest_due() for store in (self.store, *self.also)]
        oldest, now = min((one for one in moments if one is not None), default=None), self.clock.now()
        if oldest is None or oldest >= now:
            self.engine_metrics.oldest_due.set(0)
            return 0.0
        self.engine_metrics.oldest_due.set((now - oldest).total_seconds())
        return self.clock.real_seconds(now - oldest)

    async def run(self) -> bool:
        """Audit once; only when nothing is wrong set the timestamp and press the switch. Return whether it is clean."""
        unwatched, behind = await self.unwatched(), await self.measure()
        self.metrics.unwatched.set(unwatched)
        if unwatched or behind > self.behind_seconds:
            get_logger().error("audit_failed", unwatched=unwatched, behind_seconds=round(behind, 1))
            return False
        self.metrics.audited_at.set(wall_clock().timestamp())
        if self.ping is not None:
            await self.ping()
        return True


def deadman(url: str, timeout_seconds: float) -> Ping:
    """Return the ping of a dead man's switch. One that fails is logged: that it is missed is the switch's own alarm."""

    async def ping() -> None:
        try:
            async with httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False) as client:
                (await client.get(url)).raise_for_status()
        except httpx.HTTPError as error:
            get_logger().warning("deadman_unreachable", error=type(error).__name__)

    return ping

"""How a process outlives what is wrong outside: its start, batches and background work are tried again and again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import stamina

from shared.decision import Transient
from shared.infra.clock import monotonic, pause, wall_clock
from shared.infra.fence import Fence
from shared.infra.kafka import BatchHandler
from shared.infra.log import get_logger
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import as_transient

RETRY_SECONDS = 60.0
"""A handler retries so long before it gives the batch back: well under `max_poll_interval`, else the broker would take
the partitions away and two members would pass them back and forth for ever."""

Loop = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """Work repeated every so many real seconds for as long as the process lives."""

    name: str
    seconds: float
    work: Loop


async def until_done(work: Loop, name: str) -> None:
    """Repeat until it succeeds, with a growing pause; each failure is one log line."""
    delay = 0.2
    while True:
        try:
            with as_transient():
                await work()
        except Exception as error:  # noqa: BLE001 - whatever is wrong outside, a service keeps trying and stays not-ready
            get_logger().warning("not_ready_yet", step=name, error=f"{type(error).__name__}: {error}")
            await pause(delay)
            delay = min(delay * 2, 5.0)
        else:
            return


def retrying(handler: BatchHandler, metrics: EngineMetrics, fence: Fence) -> BatchHandler:
    """Return the handler with back-off on `Transient`, timed and counted; what lasts is raised, and so redelivered."""

    async def retry(records: Sequence[Any]) -> None:
        async for attempt in stamina.retry_context(
            on=Transient, attempts=None, timeout=RETRY_SECONDS, wait_initial=0.1, wait_max=5.0
        ):
            with attempt, as_transient():
                await fence.check()
                await handler(records)

    async def handle(records: Sequence[Any]) -> None:
        begin = monotonic()
        try:
            await retry(records)
        except Exception as error:
            # The broker's client logs nothing and delivers again at once, a thousand times a second.
            said = str(error) if isinstance(error, Transient) else type(error).__name__
            get_logger().error("batch_failed", records=len(records), error=said)
            await pause(1.0)
            raise
        metrics.handled(records, monotonic() - begin, wall_clock().timestamp())

    return handle


async def repeat(periodic: Periodic, fence: Fence | None = None) -> None:
    """Run a periodic for ever; one failure is logged and the next round comes all the same."""
    while True:
        try:
            with as_transient():
                if fence is not None:
                    await fence.check()
                await periodic.work()
        except Transient as error:
            get_logger().warning("periodic_waits", periodic=periodic.name, error=str(error))
            await pause(1.0)
        except Exception:  # noqa: BLE001 - a sweep must outlive any single failure
            get_logger().exception("periodic_failed", periodic=periodic.name)
            await pause(1.0)
        await pause(periodic.seconds)

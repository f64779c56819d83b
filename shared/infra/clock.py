"""The only place that reads the wall clock. Everything else is handed a `Clock`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.contracts.base import to_millisecond


class Clock(Protocol):
    """Tells domain time, and what domain time it was at a real instant."""

    def now(self) -> datetime:
        """Return domain time, UTC, in milliseconds."""

    def at(self, epoch_ms: int) -> datetime:
        """Return the domain time of a real instant, e.g. a Kafka timestamp (milliseconds since 1970)."""

    def real_seconds(self, span: timedelta) -> float:
        """Return how many real seconds a span of domain time lasts."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """Domain time is real time."""

    def now(self) -> datetime:
        """Return the wall clock."""
        return to_millisecond(datetime.now(UTC))

    def at(self, epoch_ms: int) -> datetime:
        """Return the instant itself."""
        return datetime.fromtimestamp(epoch_ms // 1000, UTC) + timedelta(milliseconds=epoch_ms % 1000)

    def real_seconds(self, span: timedelta) -> float:
        """Return the span in seconds."""
        return span.total_seconds()


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Domain time = `start` + (real time - `origin`) * `rate`; for demo and replay only, refused outside them."""

    start: datetime
    origin: datetime
    rate: float

    def now(self) -> datetime:
        """Return the virtual instant."""
        return self._scale(datetime.now(UTC))

    def at(self, epoch_ms: int) -> datetime:
        """Return the virtual instant of a real one."""
        return self._scale(SystemClock().at(epoch_ms))

    def real_seconds(self, span: timedelta) -> float:
        """Return the span in real seconds."""
        return span.total_seconds() / self.rate

    def _scale(self, real: datetime) -> datetime:
        return to_millisecond(self.start + (real - self.origin) * self.rate)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands until it is moved; for tests."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return to_millisecond(self.instant)

    def at(self, epoch_ms: int) -> datetime:
        """Return the instant it was set to, whatever the real one."""
        del epoch_ms
        return self.now()

    def real_seconds(self, span: timedelta) -> float:
        """Return the span in seconds."""
        return span.total_seconds()

    def advance(self, span: timedelta) -> None:
        """Move the clock forward."""
        self.instant += span


def wall_clock() -> datetime:
    """Return real time, for infrastructure only: leases, relay ages, start-up."""
    return to_millisecond(datetime.now(UTC))


def epoch_ns() -> int:
    """Return real time in nanoseconds since 1970, for traces, which are laid beside those of other machines."""
    return time.time_ns()


def monotonic() -> float:
    """Return seconds that never go back, for measuring."""
    return time.monotonic()


async def pause(seconds: float) -> None:
    """Wait for real seconds."""
    await asyncio.sleep(seconds)

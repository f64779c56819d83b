"""The only place that reads the wall clock. Everything else is handed a `Clock`."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

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
class SteppedClock:
    """Domain time as a file of steps has it: it stands until somebody appends the next; for plays only.

    Each line is a real instant and the virtual one that holds from it on, in milliseconds since 1970; `move` appends.
    So a play goes as fast as the pipeline gets through it and never faster, and a record's time stamp means the same
    virtual instant however late it is read.
    """

    path: Path
    _file: BinaryIO | None = None
    _real: list[int] = field(default_factory=list)
    _virtual: list[int] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the virtual instant of the last step."""
        return self.at(_milliseconds(datetime.now(UTC)))

    def at(self, epoch_ms: int) -> datetime:
        """Return the virtual instant that held at a real one; before the first step, the first."""
        self._read()
        return SystemClock().at(self._virtual[max(0, bisect_right(self._real, epoch_ms) - 1)])

    def real_seconds(self, span: timedelta) -> float:
        """Return the span in seconds, as if time ran: how long the next step takes to come, nobody knows."""
        return span.total_seconds()

    def move(self, to: datetime) -> None:
        """Let it be another virtual instant from now on."""
        with self.path.open("ab", buffering=0) as file:
            file.write(b"%15d %15d\n" % (_milliseconds(datetime.now(UTC)), _milliseconds(to)))

    def _read(self) -> None:
        """Take in the steps since, whole lines of one length each."""
        if self._file is None:
            self._file = self.path.open("rb", buffering=0)
        for line in self._file.read().splitlines():
            real, virtual = line.split()
            self._real.append(int(real))
            self._virtual.append(int(virtual))


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


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

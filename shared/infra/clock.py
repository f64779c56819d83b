"""The only place that reads the wall clock. Everything else is handed a `Clock`."""

from __future__ import annotations

import asyncio
import re
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
        return wall_clock()

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
        return self._scale(_machine())

    def at(self, epoch_ms: int) -> datetime:
        """Return the virtual instant of a real one."""
        return self._scale(SystemClock().at(epoch_ms))

    def real_seconds(self, span: timedelta) -> float:
        """Return the span in real seconds."""
        return span.total_seconds() / self.rate

    def settings(self) -> dict[str, str]:
        """Return the settings that give another process this clock."""
        start, origin = self.start.isoformat(), self.origin.isoformat()
        return {"GW_CLOCK_START": start, "GW_CLOCK_ORIGIN": origin, "GW_CLOCK_RATE": repr(self.rate)}

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
        return self.at(_milliseconds(_machine()))

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
    return to_millisecond(_machine())


def epoch_ns() -> int:
    """Return real time in nanoseconds since 1970, for traces, which are laid beside those of other machines."""
    return time.time_ns()


@dataclass(frozen=True, slots=True)
class ClockFault:
    """For tests: this machine's clock is off by `error`, where `sign` names a file as soon as that is there."""

    error: timedelta
    sign: Path | None

    @classmethod
    def parse(cls, written: str) -> ClockFault:
        """Read `180@FILE`: 180 minutes ahead once the file is there. Minus is behind; without a file at once.

        Raises:
            ValueError: it is not written so.
        """
        if (found := re.fullmatch(r"([+-]?\d{1,6})(?:@(.+))?", written)) is None:
            raise ValueError("write the minutes that it is off, and after @ a file whose coming lets it jump: 180@FILE")
        return cls(timedelta(minutes=int(found[1])), Path(found[2]) if found[2] else None)

    @property
    def here(self) -> bool:
        """Whether the clock is off by now."""
        return self.sign is None or self.sign.exists()


_fault: ClockFault | None = None


def set_wrong(fault: ClockFault) -> None:
    """Have this process live with a wrong clock."""
    global _fault  # noqa: PLW0603 - a process has one wall clock
    _fault = fault


def _machine() -> datetime:
    """Return what this machine takes for the time."""
    now = datetime.now(UTC)
    return now + _fault.error if _fault is not None and _fault.here else now


def monotonic() -> float:
    """Return seconds that never go back, for measuring."""
    return time.monotonic()


async def pause(seconds: float) -> None:
    """Wait for real seconds."""
    await asyncio.sleep(seconds)

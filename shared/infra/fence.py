"""Who does not know what time it is does not act: limits, quiet hours and leases are judged by this machine's clock.

The database's clock is the one that all replicas share, so each compares its own with that: before it begins, every two
seconds, and at once when its own has jumped, which needs no question to be seen. Whoever differs by more than the
tolerance takes no batch, sweeps and delivers nothing, and ends; a new process waits until the clocks agree.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from shared.decision import Transient
from shared.infra.clock import monotonic, wall_clock
from shared.infra.mongo import database_ahead

JUMP_SECONDS = 1.0
"""Between two looks no clock that is kept right gains or loses so much against one that never goes back."""

ADVICE = "set both by NTP"


@dataclass(slots=True)
class Fence:
    """Keeps a process from acting while its clock is wrong. `ask` says how far the database's is ahead of it."""

    ask: Callable[[], Awaitable[timedelta]]
    tolerance: timedelta
    ahead: timedelta = timedelta(0)
    _beside: float | None = None

    @classmethod
    def of(cls, client: Any, tolerance_seconds: float) -> Fence:
        """Return the fence of a process with a client of the database."""
        return cls(partial(database_ahead, client, wall_clock), timedelta(seconds=tolerance_seconds))

    @property
    def wrong(self) -> bool:
        """Say whether the clocks differed too much at the last look."""
        return abs(self.ahead) > self.tolerance

    async def look(self) -> None:
        """Compare the clocks.

        Raises:
            pymongo.errors.PyMongoError: the database does not answer.
        """
        beside = _beside()
        self.ahead = await self.ask()
        self._beside = beside

    async def check(self) -> None:
        """Let nobody pass whose clock is wrong; the database is asked only where it has jumped since the last look.

        Raises:
            Transient: it is wrong.
            pymongo.errors.PyMongoError: it has jumped, and the database does not answer.
        """
        if self._beside is None or abs(_beside() - self._beside) > JUMP_SECONDS:
            await self.look()
        if self.wrong:
            way = "behind" if self.ahead > timedelta(0) else "ahead of"
            seconds = abs(self.ahead).total_seconds()
            raise Transient(f"this machine's clock is {seconds:.0f} s {way} the database's: {ADVICE}")


def _beside() -> float:
    """Return what time it is beside the clock that never goes back, in seconds."""
    return wall_clock().timestamp() - monotonic()

"""Fault points for tests: kill this process right before or after a step of the engine.

Installed only when GW_FAULT_POINT is set, which live mode refuses; without it the engine's path has no trace of this.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WrapStep = Callable[[str, Any], Any]


def killing(point: str) -> WrapStep:
    """Return a wrapper that kills the process at a point: `before:STEP` or `after:STEP`, with `@N` or `@N:FILE` behind.

    The N-th passage kills (1 by default). FILE is created just before, and a process that finds it does not kill
    itself again, so that a restarted service with the same environment lives.
    """
    where, _, rest = point.partition("@")
    number, _, marker = rest.partition(":")
    moment, _, wanted = where.partition(":")
    bomb = Bomb(int(number or 1), Path(marker) if marker else None)

    def wrap(name: str, step: Any) -> Any:
        if name != wanted:
            return step
        return bomb.before(step) if moment == "before" else bomb.after(step)

    return wrap


@dataclass(slots=True)
class Bomb:
    """Counts passages and kills at the last one."""

    passages: int
    marker: Path | None

    def before(self, step: Any) -> Any:
        """Return the step with the bomb in front."""

        async def struck(batch: Any) -> None:
            self._strike()
            await step(batch)

        return struck

    def after(self, step: Any) -> Any:
        """Return the step with the bomb behind."""

        async def struck(batch: Any) -> None:
            await step(batch)
            self._strike()

        return struck

    def _strike(self) -> None:
        self.passages -= 1
        if self.passages != 0 or (self.marker and self.marker.exists()):
            return
        if self.marker:
            self.marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)

"""Fault points for tests: kill this process right before or after a step of the engine.

Installed only when GW_FAULT_POINT is set, which live mode refuses; without it the engine's path has no trace of this.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

WrapStep = Callable[[str, Any], Any]


def killing(point: str) -> WrapStep:
    """Return a wrapper that kills the process at a point written `before:STEP`, `after:STEP`, optionally `@N` or `@N:FILE`.

    The N-th passage kills (1 by default). FILE is created just before, and a process that finds it does not kill
    itself again, so that a restarted service with the same environment lives.
    """
    where, _, rest = point.partition("@")
    number, _, marker = rest.partition(":")
    moment, _, wanted = where.partition(":")
    passages = iter(range(int(number or 1) - 1, -1, -1))

    def strike() -> None:
        if next(passages, None) == 0 and not (marker and Path(marker).exists()):
            if marker:
                Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(name: str, step: Any) -> Any:
        if name != wanted:
            return step

        async def struck(batch: Any) -> None:
            if moment == "before":
                strike()
            await step(batch)
            if moment == "after":
                strike()

        return struck

    return wrap

"""Looks at the processes of the services now and then: resident memory, open files, records that wait."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local import LocalStack
from deploy.local.drain import lag
from shared.infra.clock import monotonic

EVERY_SECONDS = 2.0
PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one process. `at` is monotonic seconds, `rss` in MB, `lag` in records (-1: not asked)."""

    at: float
    pid: int
    rss: float
    files: int
    lag: float = -1.0


def look(pid: int) -> tuple[float, int]:
    """Return a process's resident memory in MB and how many files it has open.

    Raises:
        OSError: it is gone.
    """
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * PAGE / MEGABYTE, len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - a process that ends meanwhile


@dataclass(slots=True)
class Sampler:
    """Keeps what it saw, by component."""

    stack: LocalStack
    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    each: Callable[[], None] = lambda: None
    asks_lag: bool = False

    async def run(self) -> None:
        """Look for ever."""
        async with httpx.AsyncClient(timeout=EVERY_SECONDS, trust_env=False) as client:
            while True:
                await self.take(client if self.asks_lag else None)
                self.each()
                await asyncio.sleep(EVERY_SECONDS)

    async def take(self, client: httpx.AsyncClient | None = None) -> None:
        """Look once."""
        for _, component in self.stack.replicas():
            pid = component.pid
            if pid is None:
                continue
            waiting = -1.0 if client is None else await lag(component, client)
            with suppress(OSError):
                self.samples[component.name].append(Sample(monotonic(), pid, *look(pid), waiting))

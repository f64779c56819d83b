"""Looks at the processes of the services now and then: resident memory, open files, records that wait."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import LocalStack
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

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.take()
            self.each()
            await asyncio.sleep(EVERY_SECONDS)

    def take(self) -> None:
        """Look once."""
        for _, component in self.stack.replicas():
            if component.pid is not None:
                try:
                    rss, files = look(component.pid)
                except OSError:
                    continue
                self.samples[component.name].append(Sample(monotonic(), component.pid, rss, files))

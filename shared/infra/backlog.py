"""When a sweep may run: not before what the bus said meanwhile has been read, or it would call late what is not.

After an outage, completions wait on the bus while the limits they were in time for have passed. A sweep that ran first
would breach them all, tell everybody, and take it back a moment later. In the same way a command that was read before
the event that makes its case known would be refused, although that event stands on the bus already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shared.infra.clock import monotonic

PATIENCE_SECONDS = 30.0
"""So long a sweep waits at most, for time goes on also when this process cannot keep up. Longer than the group takes to
notice a killed member and to hand its partitions on, or a restart after a crash would sweep before it reads."""

PARKED_PATIENCE_SECONDS = 600.0
"""So long nobody is told that a case does not exist while records wait: a refusal that comes late harms less than one
of a command that was right. Not for ever, for a process that never catches up owes an answer too."""

MAX_WAITING = 500
"""Records that may wait without the process counting as behind: one batch."""


def waiting_records(consumers: Iterable[Any]) -> int | None:
    """Return how many records wait for these consumers, or None while it is not known."""
    waiting = 0
    for consumer in consumers:
        if consumer is None or not consumer.assignment():
            return None
        for partition in consumer.assignment():
            highwater = consumer.highwater(partition)
            state = consumer._subscription.subscription.assignment.state_value(partition)  # noqa: SLF001 - no public, non-waiting position
            if highwater is None or state is None or not state.has_valid_position:
                return None
            waiting += max(0, highwater - state.position)
    return waiting


@dataclass(slots=True)
class Held:
    """Work that is left out while records wait, for `patience` seconds at most in a row."""

    work: Callable[[], Awaitable[Any]]
    waiting: Callable[[], int | None]
    patience: float = PATIENCE_SECONDS
    behind_since: float | None = None
    caught_up: bool = False

    async def __call__(self) -> None:
        """Do the work, unless it has to wait."""
        if self._may_run(monotonic()):
            await self.work()

    def _may_run(self, now: float) -> bool:
        waiting = self.waiting()
        self.caught_up = waiting is not None and waiting <= (MAX_WAITING if self.caught_up else 0)
        if self.caught_up:
            self.behind_since = None
            return True
        if self.behind_since is None:
            self.behind_since = now
        return now - self.behind_since > self.patience

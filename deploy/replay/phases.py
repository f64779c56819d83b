"""Stretches of virtual time: slow where most happens, fast over the years in which little does.

One rate for all would put a summer of thirty thousand requests into half a second, for a target or two lie in 2059.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.replay.feed import Item

DENSE = 0.92
"""The first stretch ends when so much of everything has happened; the second when nearly all has."""

NEARLY_ALL = 0.997
RECORDS_PER_SECOND = 450.0
LEAST_SECONDS = 8.0
MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Phase:
    """From one instant to the next, in so many real seconds."""

    start: datetime
    end: datetime
    seconds: float

    @property
    def rate(self) -> float:
        """How much faster than real time it runs."""
        return (self.end - self.start).total_seconds() / self.seconds


def phases(items: Sequence[Item], last: datetime) -> list[Phase]:
    """Return the stretches over the items (in order of time) and on until after `last`, the last target."""
    start = items[0].at - timedelta(seconds=1)
    found: list[Phase] = []
    for part, end in ((DENSE, None), (NEARLY_ALL, None), (1.0, max(last, items[-1].at) + MARGIN)):
        until = end or items[int((len(items) - 1) * part)].at
        count = sum(start < item.at <= until for item in items)
        if until > start:
            found.append(Phase(start, until, max(LEAST_SECONDS, count / RECORDS_PER_SECOND)))
            start = until
    return found

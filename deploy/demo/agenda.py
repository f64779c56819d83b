"""What is still to be sent, in the order of the virtual clock."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from itertools import count

from deploy.demo.desk import Desk
from deploy.demo.say import Say
from deploy.demo.submission import Submission


class Agenda:
    """A queue by instant; a command is looked at again when its instant comes, for things may have changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._heap: list[tuple[datetime, int, Submission | Say]] = []
        self._order = count()

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._heap)

    def add(self, entries: Iterable[Submission | Say]) -> None:
        """Note what is to be sent."""
        for entry in entries:
            heapq.heappush(self._heap, (entry.at, next(self._order), entry))

    def due(self, now: datetime) -> list[Submission]:
        """Take out what is to be sent by now, in order, without what nobody would say any more."""
        found: list[Submission] = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)[2]
            if isinstance(entry, Submission):
                found.append(entry)
            elif entry.still_meant(self._desk.file(entry.case_id)):
                found.append(entry.submission())
        return found

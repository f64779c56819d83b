"""What a lane is told by the rest of its process: that something waits, and what was made for it just now."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from services.notifier.adapters.queue import Claim

OTHER = "other"
"""The lane of what no channel is at hand for."""


@dataclass(slots=True)
class Inbox:
    """New notices on the shortest way to their lane, claimed since they exist.

    `room` is how many more the lane takes in this way. It is none while older notices wait in the database, which
    would be overtaken, and none while the channel is slow: what is not claimed may leave by another replica.
    `look`: something waits in the database.
    """

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    fresh: deque[Claim] = field(default_factory=deque)
    room: int = 0
    look: bool = True

    def put(self, claim: Claim) -> None:
        """Hand new notices over."""
        self.fresh.append(claim)
        self.wake.set()


class Bell:
    """One inbox a lane."""

    def __init__(self, channels: Collection[str]) -> None:
        self._inboxes = {name: Inbox() for name in (*channels, OTHER)}

    def of(self, lane: str) -> Inbox:
        """Return the inbox of a lane; of a channel that is not at hand, that of the others."""
        return self._inboxes.get(lane, self._inboxes[OTHER])

    def ring(self, channels: Iterable[str]) -> None:
        """Tell the lanes of some channels to look into the database."""
        for name in channels:
            inbox = self.of(name)
            inbox.look = True
            inbox.wake.set()

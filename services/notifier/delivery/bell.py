"""Tells the lanes that something is waiting, so that they need not look all the time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

OTHER = "other"
"""The lane of what no channel is at hand for."""


class Bell:
    """One event a lane; rung by whoever saved a notice for its channel."""

    def __init__(self, channels: Collection[str]) -> None:
        self._events = {name: asyncio.Event() for name in (*channels, OTHER)}

    def of(self, lane: str) -> asyncio.Event:
        """Return the event of a lane."""
        return self._events[lane]

    def ring(self, channels: Iterable[str]) -> None:
        """Wake the lanes of some channels."""
        for name in channels:
            self._events.get(name, self._events[OTHER]).set()

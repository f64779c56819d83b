"""All lanes and their saver as one piece of background work, ended in order: nothing new, finish what left, save it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.notifier.channels.base import AddressKind, Channel, Failed, Notice, Outcome
from services.notifier.delivery.bell import OTHER, Bell
from services.notifier.delivery.lane import Lane
from services.notifier.delivery.page import Tools

DRAIN_SECONDS = 10.0
"""How long an ending process waits for receivers; below the 15 s that the server grants."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Stands for every channel that is not at hand: what was queued for one fails, so that its fallback is tried."""

    takes: AddressKind = AddressKind.ANY

    async def send(self, notice: Notice) -> Outcome:
        """Refuse."""
        del notice
        return Failed("unknown_channel", retryable=False)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Runs the lanes."""

    lanes: Sequence[Lane]
    tools: Tools

    @classmethod
    def of(cls, channels: Mapping[str, Channel], tools: Tools, bell: Bell) -> Courier:
        """Return a courier with a lane for each channel, and one for what no channel is there for."""
        lanes = [Lane(name, name, channel, tools, bell.of(name)) for name, channel in channels.items()]
        nowhere = Lane(OTHER, {"$nin": list(channels)}, Unavailable(), tools, bell.of(OTHER))
        return cls((*lanes, nowhere), tools)

    async def run(self) -> None:
        """Deliver until cancelled, then finish what has begun."""
        saving = asyncio.create_task(self.tools.saver.run())
        running = [asyncio.create_task(lane.run()) for lane in self.lanes]
        try:
            await asyncio.wait([saving, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(running)
            try:
                async with asyncio.timeout(DRAIN_SECONDS):
                    await asyncio.gather(*(lane.drain() for lane in self.lanes))
            finally:
                await _cancelled([saving])


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

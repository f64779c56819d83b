"""Playing the day: send what is due, hear what is said, let the cast answer, show it; until midnight has passed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.demo.agenda import Agenda
from deploy.demo.cast import Cast
from deploy.demo.live import View
from deploy.demo.remarkable import remark
from deploy.demo.submission import Submission
from deploy.demo.tally import Tally
from deploy.demo.world import World
from deploy.partner.follower import Follower, Heard
from deploy.partner.publisher import Publisher
from shared.contracts.base import Event
from shared.contracts.topics import Topic
from shared.infra.clock import Clock, monotonic, pause

STEP_SECONDS = 0.04
QUIET_SECONDS = 1.5
SETTLE_SECONDS = 20.0
"""After midnight the system may take so long (real time) to get through what it still has."""

ANSWERS = frozenset({Topic.INCIDENTS, Topic.CASES})
"""What is said because somebody said something; escalations and notices also come of time alone, and never end."""

DAY = timedelta(hours=24)


@dataclass(slots=True)
class Day:
    """One day in play. `submitted` counts the reports that the broker acknowledged."""

    world: World
    cast: Cast
    agenda: Agenda
    clock: Clock
    start: datetime
    publisher: Publisher
    follower: Follower
    view: View
    tally: Tally = field(default_factory=Tally)
    submitted: int = 0
    _last_heard: float = field(default_factory=monotonic)

    async def play(self) -> None:
        """Play it to the end."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen())
            await self._speak()
            await self._settle()
            listening.cancel()

    async def _speak(self) -> None:
        while (now := self.clock.now()) < self.start + DAY:
            await self._send(self.agenda.due(now))
            self.view.show(now, self.tally, self.submitted)
            await pause(STEP_SECONDS)

    async def _send(self, due: Sequence[Submission]) -> None:
        await self.publisher.send(one.message for one in due)
        self.submitted += sum(one.is_report for one in due)

    async def _listen(self) -> None:
        async for portion in self.follower.stream():
            for heard in portion:
                self._hear(heard)

    def _hear(self, heard: Heard) -> None:
        self.tally.hear(heard)
        if not isinstance(heard.said, Event):
            self._last_heard = monotonic()
            return
        if heard.said.topic in ANSWERS:
            self._last_heard = monotonic()
        self.agenda.add(self.cast.hear(heard.said))
        line = remark(self.world, heard.said)
        if line is not None:
            self.view.remark(line)

    async def _settle(self) -> None:
        """Wait until nothing happens any more but time passing."""
        deadline = monotonic() + SETTLE_SECONDS
        while monotonic() < min(deadline, self._last_heard + QUIET_SECONDS):
            self.view.show(self.clock.now(), self.tally, self.submitted)
            await pause(STEP_SECONDS)

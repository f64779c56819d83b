"""Driving the replay: send what has happened by now, a bounded number ahead of the answers, phase after phase."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.partner.follower import Follower, Heard
from deploy.partner.publisher import Publisher
from deploy.partner.stage import Stage
from deploy.replay.feed import Item
from deploy.replay.judge import Judge
from deploy.replay.messages import Intaken
from deploy.replay.phases import Phase
from shared.contracts.base import Event
from shared.contracts.cases import CaseOpened, TaskCompleted
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.incidents import ReportFacts
from shared.infra.clock import Clock, monotonic, pause

AHEAD = 3_000
"""Records sent and not yet answered: a completion that overtakes its report by more than the time the router keeps it
waiting would be refused, so nothing runs far ahead."""

PORTION = 500
STEP_SECONDS = 0.02
STALLED_SECONDS = 60.0
"""Nothing answered for so long although something is owed: the replay ends and tells what is missing."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class Replay:
    """One replay. `letters` are what the pipeline refused; `first` and `last`: when records went out and came back."""

    stage: Stage
    publisher: Publisher
    follower: Follower
    progress: Progress
    judge: Judge = field(default_factory=Judge)
    intaken: Intaken = field(default_factory=Intaken)
    letters: list[RecordRejected] = field(default_factory=list)
    owed: set[str] = field(default_factory=set)
    first: float | None = None
    last: float = 0.0
    _moved: float = 0.0

    async def run(self, items: Sequence[Item], stretches: Sequence[Phase], settled: Callable[[], bool]) -> None:
        """Send everything at its time; return when all is answered and `settled` says so, or nothing moves any more."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen())
            waiting = list(reversed(items))
            for number, phase in enumerate(stretches, 1):
                clock = await self.stage.run(phase.start, phase.rate)
                self.progress(f"{number}/{len(stretches)}  {phase.start:%Y-%m-%d} .. {phase.end:%Y-%m-%d}")
                await self._through(phase, clock, waiting)
            # The last stretch makes years of a second: left to itself, it passes limits that shall never pass.
            await self.stage.run(stretches[-1].end, 1.0)
            await self._until(settled)
            listening.cancel()

    async def _through(self, phase: Phase, clock: Clock, waiting: list[Item]) -> None:
        """Live through one stretch: its records at their time, then the answers, then the time that is left."""
        self._moved = monotonic()
        # The broker stamps in milliseconds; what is sent this much later is never ahead of its stamp.
        slack = timedelta(seconds=phase.rate * STEP_SECONDS)
        while waiting and waiting[-1].at <= phase.end and not self._stalled:
            await self._send(_take(waiting, min(clock.now() - slack, phase.end), AHEAD - len(self.owed)))
            await pause(STEP_SECONDS)
        await self._until(lambda: not self.owed)
        await pause(max(0.0, clock.real_seconds(phase.end - clock.now())))

    async def _send(self, portion: Sequence[Item]) -> None:
        if not portion:
            return
        if self.first is None:
            self.first = monotonic()
        self.owed.update(item.asks for item in portion)
        await self.publisher.send(item.message for item in portion)

    @property
    def _stalled(self) -> bool:
        return bool(self.owed) and monotonic() - self._moved > STALLED_SECONDS

    async def _until(self, condition: Callable[[], bool]) -> None:
        self._moved = monotonic()
        while not condition() and monotonic() - self._moved < STALLED_SECONDS:
            await pause(STEP_SECONDS)

    async def _listen(self) -> None:
        async for portion in self.follower.stream():
            self._hear(portion)

    def _hear(self, portion: Iterable[Heard]) -> None:
        for heard in portion:
            self._moved = self.last = monotonic()
            if isinstance(heard.said, Event):
                self.judge.hear(heard.said)
                self.intaken.hear(heard.said)
                self.owed.discard(_answers(heard.said))
            else:
                self.letters.append(heard.said)


def _answers(event: Event) -> str:
    """Return what an event is the answer to."""
    match event:
        case CaseOpened():
            return f"opened/{event.case_id}"
        case TaskCompleted():
            return f"completed/{event.case_id}"
        case ReportFacts():
            return f"taken/{event.report_id}"
        case _:
            return ""


def _take(waiting: list[Item], until: datetime, room: int) -> list[Item]:
    """Take out the next items, the last of the list first, up to an instant and as many as there is room for."""
    taken: list[Item] = []
    while waiting and waiting[-1].at <= until and len(taken) < min(room, PORTION):
        taken.append(waiting.pop())
    return taken

"""Letting the year pass: time goes on to what happens next, and no further before the pipeline has answered to it."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from deploy.demo.say import Say
from deploy.demo.submission import Submission
from deploy.partner.follower import Follower, Heard
from deploy.partner.publisher import Publisher
from deploy.year.actors import Actors
from deploy.year.answers import answers
from deploy.year.rounds import DAY, Rounds
from shared.contracts.base import Event
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.work import WorkRecorded
from shared.infra.clock import SteppedClock, monotonic, pause

LEAP = timedelta(hours=6)
"""Where nothing is sent time still goes on in steps, so that what deadlines set off happens in its order."""

LOOK_SECONDS = 0.15
"""What sweeps are given to find what a leap made due."""

POLL_SECONDS = 0.004
STALLED_SECONDS = 120.0
QUIET_SECONDS = 2.0
ROUNDS_AHEAD = 2_000
"""Records of grid workers' rounds that may be on their way; nobody waits for each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be sent: of which case, and what is to be heard of it."""

    what: Submission | Say
    case: str
    asks: str


@dataclass(slots=True)
class Conductor:
    """The year in play. `refused` are dead letters, `unanswered` what was never answered to."""

    clock: SteppedClock
    end: datetime
    step: timedelta
    actors: Actors
    rounds: Rounds
    publisher: Publisher
    follower: Follower
    submitted: int = 0
    commands: int = 0
    heard: int = 0
    steps: int = 0
    refused: list[RecordRejected] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    owed: dict[str, set[str]] = field(default_factory=dict)
    on_their_way: int = 0
    _heap: list[tuple[datetime, int, Entry]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _moved: float = field(default_factory=monotonic)

    def add(self, entries: Iterable[Entry]) -> None:
        """Note what is to be sent; what would be after the end is not."""
        for one in entries:
            if one.what.at <= self.end:
                heapq.heappush(self._heap, (one.what.at, next(self._order), one))

    async def day(self, midnight: datetime) -> None:
        """Live through one day."""
        self.add(Entry(one, "", "round") for one in self.rounds.day(midnight))
        until = min(midnight + DAY, self.end)
        while (now := self.clock.now()) < until:
            due = self._heap[0][0] if self._heap else until
            to = min(until, max(now + self.step, due))
            await self._leap(now, to)
            await self.catch_up()

    async def _leap(self, now: datetime, to: datetime) -> None:
        """Let it be `to`, by way of steps in which only deadlines happen."""
        while to - now > LEAP:
            now += LEAP
            self._move(now)
            await pause(LOOK_SECONDS)
        self._move(to)

    def _move(self, to: datetime) -> None:
        self.clock.move(to)
        self.steps += 1

    async def catch_up(self) -> None:
        """Send what is due by now, and what comes of it, until nobody owes an answer."""
        while due := self._due():
            await self._send(due)
            await self._answered()

    async def settle(self) -> None:
        """Wait at the end until nothing is said any more."""
        while monotonic() - self._moved < QUIET_SECONDS:
            await pause(POLL_SECONDS)
            await self.catch_up()

    def _due(self) -> list[Entry]:
        found, now = [], self.clock.now()
        while self._heap and self._heap[0][0] <= now:
            found.append(heapq.heappop(self._heap)[2])
        return found

    async def _send(self, due: Sequence[Entry]) -> None:
        sent = []
        for one in due:
            submission = one.what if isinstance(one.what, Submission) else one.what.submission()
            sent.append(submission.message)
            self.submitted += submission.is_report
            self.commands += not submission.is_report
            if one.asks == "round":
                self.on_their_way += 1
            elif one.asks:
                self.owed.setdefault(one.case, set()).add(one.asks)
        await self.publisher.send(sent)

    async def _answered(self) -> None:
        self._moved = monotonic()
        while self.owed or self.on_their_way > ROUNDS_AHEAD:
            if monotonic() - self._moved > STALLED_SECONDS:
                self._give_up()
            await pause(POLL_SECONDS)

    def _give_up(self) -> None:
        self.unanswered += [f"{case}: {', '.join(sorted(asks))}" for case, asks in self.owed.items()]
        if self.on_their_way > 0:
            self.unanswered.append(f"{self.on_their_way} rounds of grid workers")
        self.owed.clear()
        self.on_their_way = 0

    async def all_rounds(self) -> None:
        """Wait until every round that was sent has been answered to."""
        self._moved = monotonic()
        while self.on_their_way > 0 and monotonic() - self._moved < STALLED_SECONDS:
            await pause(POLL_SECONDS)
        self._give_up()

    async def listen(self) -> None:
        """Hear everything that is said, for as long as somebody waits."""
        async for portion in self.follower.stream():
            for one in portion:
                self._hear(one)

    def _hear(self, one: Heard) -> None:
        self._moved = monotonic()
        if isinstance(one.said, Event):
            self.heard += 1
            self._answer(one.said)
            self.add(Entry(say, say.case_id, asks) for say, asks in self.actors.hear(one.said))
        else:
            self._refused(one.said)

    def _answer(self, event: Event) -> None:
        if isinstance(event, WorkRecorded):
            self.on_their_way -= 1
        case, ask = answers(event) or ("", "")
        waiting = self.owed.get(case)
        if waiting is not None:
            waiting.discard(ask)
            if not waiting:
                del self.owed[case]

    def _refused(self, letter: RecordRejected) -> None:
        """Note a dead letter; whoever sent it gets no other answer."""
        self.refused.append(letter)
        key = base64.b64decode(letter.key or "").decode(errors="replace")
        if key.endswith("-workbook"):
            self.on_their_way -= 1
        self.owed.pop(key, None)

"""Partners of one district that report at a rate, and the file in which the notices of all districts arrive."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aiokafka import AIOKafkaProducer

from shared.infra.clock import monotonic, pause
from tests.bench.latency import ENDING, LOOK_SECONDS, case_ending, milliseconds
from tests.bench.load import reports

ENDLESS = 1_000_000_000
STILL_SECONDS = 0.05
OPENING = (b"received", b"assigned", b"task_assigned", b"triage")
"""Steps that a report itself leads to; warnings come when their time has come."""


@dataclass(slots=True)
class Feed:
    """Reports of a district, appended one by one; `rate` (a second) may change while it runs, 0 is a pause.

    `appended`: when the broker had each (ms since 1970), by the end of its case's number.
    """

    district: str
    producer: AIOKafkaProducer
    rate: float = 0.0
    sent: int = 0
    appended: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Report for ever."""
        due = monotonic()
        for one in reports(ENDLESS, f"S{self.district}", (self.district,)):
            while not (rate := self.rate):
                await pause(STILL_SECONDS)
                due = monotonic()
            await pause(max(0.0, due - monotonic()))
            due += 1 / rate
            self.sent += 1
            taken = await self.producer.send(one.topic, one.value, one.key.encode(), headers=list(one.headers))
            taken.add_done_callback(partial(self._taken, case_ending(one)))

    def _taken(self, ending: str, done: asyncio.Future[object]) -> None:
        record: object = done.result()
        self.appended[ending] = float(getattr(record, "timestamp", 0))

    def between(self, begin: float, end: float) -> Iterator[tuple[str, float]]:
        """Yield the reports appended between two instants."""
        return ((ending, at) for ending, at in self.appended.items() if begin <= at < end)


@dataclass(slots=True)
class Notices:
    """What the file channel was handed: when each notice came (ms since 1970), and each step of a case the first time.

    Only the first, for a near-duplicate that is merged later tells its reporter the same step of the older case.
    """

    path: Path
    seen: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict(list))
    steps: dict[str, dict[bytes, float]] = field(default_factory=lambda: defaultdict(dict))
    last: float = 0.0

    async def run(self) -> None:
        """Read for ever."""
        self.path.touch()
        with self.path.open("rb") as file:
            begun = b""
            while True:
                *whole, begun = (begun + file.read()).split(b"\n")
                for line in whole:
                    self._take(line)
                await pause(LOOK_SECONDS)

    def _take(self, line: bytes) -> None:
        """Note one; its id and its key stand first in the line, and JSON for each would cost a tenth of a processor."""
        _, _, _, notice, _, _, _, key, _ = line.split(b'"', 8)
        case, _, step, _ = key.split(b"|", 3)
        now = milliseconds()
        self.seen[notice].append(now)
        if step.partition(b":")[0] in OPENING:
            self.last = now
            self.steps[case[-ENDING:].decode()].setdefault(step, now)

    async def until_quiet(self, seconds: float) -> None:
        """Wait until nobody has been told of a report for so long."""
        begun = milliseconds()
        while milliseconds() - max(self.last, begun) < seconds * 1000:
            await pause(STILL_SECONDS)

    def delays(self, feed: Feed, begin: float, end: float) -> list[float]:
        """Return how long after its report each notice came (ms), of the reports appended between two instants."""
        return [seen - at for ending, at in feed.between(begin, end) for seen in self.steps[ending].values()]

    def backlog(self, feed: Feed, at: float) -> int:
        """Return of how many reports that were there at an instant nobody had been told yet.

        A report merged into another's case has no number of its own and is never counted.
        """
        return sum(min(self.steps[ending].values(), default=0.0) > at for ending, _ in feed.between(0.0, at))

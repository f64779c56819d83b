"""The partners of the run: they report at a steady pace, listen to the bus, and say the next line of each script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from shared.contracts.dead_letters import RecordRejected
from shared.contracts.topics import Topic, topic_name
from shared.infra.clock import Clock, monotonic
from tests.fault.harness.plays import Play
from tests.fault.harness.post import Post
from tests.fault.harness.stories import QUEUED, Line

WINDOW = 400
"""So many cases may be under way at once: partners who do not wait would measure the machine and not the faults."""

BY_HTTP = 8
"""Every so many-th report goes to the HTTP gateway."""

HEARD = (Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)


@dataclass(slots=True)
class Cast:
    """Everybody outside."""

    post: Post
    clock: Clock
    districts: Sequence[str]
    plays: dict[str, Play] = field(default_factory=dict)
    by_report: dict[str, Play] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def under_way(self) -> int:
        """Return how many cases are not at the end of their scripts."""
        return sum(play.done is None for play in self.plays.values())

    def begin(self, play: Play) -> None:
        """Report a matter."""
        self.plays[play.case_id] = self.by_report[play.report_id] = play
        play.sent_at = monotonic()
        self._do(self._report(play))

    async def _report(self, play: Play) -> None:
        if play.number % BY_HTTP == 0 and play.story.sent == 1 and not play.story.changed:
            data = {**play.payload(), "district": play.spot.district}
            await self.post.over_http(play.partner, data, play.number)
        else:
            await self.post.send(play.report())
        play.acknowledged = monotonic()
        for _ in range(play.story.sent - 1):
            await self.post.send(play.report())
        if play.story.changed:
            await self.post.send(play.report(changed=True))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def listen(self) -> None:
        """Hear what is said, for ever; a broker that goes away is waited for."""
        names = [topic_name(code, suffix) for code in self.districts for suffix in HEARD]
        consumer = AIOKafkaConsumer(
            *names,
            bootstrap_servers=self.post.bootstrap,
            group_id=None,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=2 * 1024 * 1024,
        )
        await consumer.start()
        try:
            while True:
                with suppress(KafkaError, OSError):
                    found = await consumer.getmany(timeout_ms=100, max_records=2_000)
                    self._hear(record for part in found.values() for record in part)
        finally:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await consumer.stop()

    def _hear(self, records: Iterable[ConsumerRecord]) -> None:
        now = monotonic()
        for record in records:
            key = (record.key or b"").decode(errors="replace")
            play = self.plays.get(key) or self.by_report.get(key)
            if play is None:
                continue
            kinds, mark = _kinds(record)
            for cue in play.hear(kinds, mark, now):
                self._say(play, cue.lines)

    def _say(self, play: Play, lines: Iterable[Line]) -> None:
        for line in lines:
            self._do(self._send(play.line(line, self.clock.now())))

    async def _send(self, record: Any) -> None:
        await self.post.send(record)

    async def close(self) -> None:
        """Leave what has not been acknowledged."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _kinds(record: ConsumerRecord) -> tuple[tuple[str, ...], bytes]:
    """Return what a record is (a dead letter by its error, a notice by its step too) and its id."""
    told = dict(record.headers)
    whole = (told.get("ce_type") or b"").decode(errors="replace")
    kinds: tuple[str, ...] = (whole.removeprefix("gridwhistle.").removesuffix(".v1"),)
    if whole == RecordRejected.type:
        kinds = (f"!{json.loads(record.value)['error']}",)
    elif kinds == (QUEUED,):
        kinds = (QUEUED, f"{QUEUED} {json.loads(record.value)['step'].partition(':')[0]}")
    return kinds, told.get("ce_id") or b""

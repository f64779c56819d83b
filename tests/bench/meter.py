"""What is measured: events by type without decoding them, processor time and memory of processes, bytes on disk."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.infra.clock import monotonic

TICKS = os.sysconf("SC_CLK_TCK")
POLL_MS = 200
QUIET_SECONDS = 2.0
STALLED_SECONDS = 120.0
DONE = ("notice.delivered", "notice.failed", "notice.suppressed")


def cpu_seconds(pid: int) -> float:
    """Return the processor time, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB of a million bytes."""
    (line,) = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 / 1e6


def log_bytes(folder: Path) -> int:
    """Return the bytes of Kafka's logs of our topics."""
    return sum(path.stat().st_size for path in folder.glob("gw.*/*.log"))


@dataclass(slots=True)
class Meter:
    """Counts what passes on some topics, each event once. `last`: when the latest of a type was heard, by `monotonic`.

    Under a backlog an outbox may be published again before it is cleared: the same ids, which every reader passes over.
    """

    consumer: AIOKafkaConsumer
    counts: Counter[str] = field(default_factory=Counter)
    again: int = 0
    _heard: set[bytes] = field(default_factory=set)
    last: dict[str, float] = field(default_factory=dict)

    async def poll(self) -> int:
        """Take in what has come; return how much."""
        found = await self.consumer.getmany(timeout_ms=POLL_MS, max_records=5_000)
        records = [record for part in found.values() for record in part]
        now = monotonic()
        for record in records:
            self._hear(record, now)
        return len(records)

    def _hear(self, record: ConsumerRecord, now: float) -> None:
        kind, id_ = _header(record, "ce_type").decode(), _header(record, "ce_id")
        if id_ in self._heard:
            self.again += 1
            return
        self._heard.add(id_)
        kind = kind.removeprefix("gridwhistle.").removesuffix(".v1")
        self.counts[kind] += 1
        self.last[kind] = now

    async def until_done(self, reports: int) -> float:
        """Wait until every report is taken in and every notice that was queued has ended; return when the last did.

        Raises:
            TimeoutError: nothing moves any more, and it is not all.
        """
        moved = monotonic()
        while True:
            if await self.poll():
                moved = monotonic()
            quiet = monotonic() - moved
            taken = self.counts["report.accepted"] + self.counts["report.merged"]
            ended = sum(self.counts[kind] for kind in DONE)
            if quiet > QUIET_SECONDS and taken >= reports and ended >= self.counts["notice.queued"]:
                return self.last["notice.delivered"]
            if quiet > STALLED_SECONDS:
                raise TimeoutError(f"{taken} of {reports} reports were taken in; so far: {dict(self.counts)}")


@asynccontextmanager
async def metering(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[Meter]:
    """Give a meter of what comes to the topics from now on."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="latest")
    await consumer.start()
    try:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield Meter(consumer)
    finally:
        await consumer.stop()


def _header(record: ConsumerRecord, wanted: str) -> bytes:
    return next((value for name, value in record.headers if name == wanted), b"")

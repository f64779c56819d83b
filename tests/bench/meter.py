"""What is measured: events by type without decoding them, and the processor time of processes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.infra.clock import monotonic

TICKS = os.sysconf("SC_CLK_TCK")
POLL_MS = 200


def cpu_seconds(pid: int) -> float:
    """Return the processor time, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(slots=True)
class Meter:
    """Counts what passes on some topics. `last` is when the latest record of a type was heard, by `monotonic`."""

    consumer: AIOKafkaConsumer
    counts: Counter[str] = field(default_factory=Counter)
    last: dict[str, float] = field(default_factory=dict)

    async def poll(self) -> int:
        """Take in what has come; return how much."""
        found = await self.consumer.getmany(timeout_ms=POLL_MS, max_records=5_000)
        records = [record for part in found.values() for record in part]
        now = monotonic()
        for record in records:
            kind = _type(record)
            self.counts[kind] += 1
            self.last[kind] = now
        return len(records)


def _type(record: ConsumerRecord) -> str:
    whole = next((value.decode() for name, value in record.headers if name == "ce_type"), "")
    return whole.removeprefix("gridwhistle.").removesuffix(".v1")

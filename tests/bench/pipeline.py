"""One run: a fresh stack, the reports through all four services, then the relay over the same records."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import LocalStack, StackConfig
from deploy.local.config import ROOT, STATE
from deploy.partner.messages import Inbound
from deploy.partner.publisher import Publisher
from shared.contracts.topics import Topic, topic_name
from shared.infra.clock import monotonic
from tests.bench.load import DISTRICTS, reports, write_profiles
from tests.bench.meter import Meter, cpu_seconds

QUIET_SECONDS = 4.0
STALLED_SECONDS = 90.0
RELAY_TOPIC = "bench.relay"
PORTION = 1_000
DONE = ("notice.delivered", "notice.failed", "notice.suppressed")


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run measured; `handed` notices were taken by their channels."""

    reports: int
    taken: int
    handed: int
    seconds: float
    relay_seconds: float
    cpu: dict[str, float]
    counts: dict[str, int]

    @property
    def reports_per_second(self) -> float:
        """Reports from the first append to the last notice handed over."""
        return self.reports / self.seconds

    @property
    def relay_records_per_second(self) -> float:
        """The same records through the relay."""
        return self.reports / self.relay_seconds


async def measure(
    count: int, broker: Literal["kafka", "tansu"], port_base: int | None, state: Path, say: Callable[[str], None]
) -> Measured:
    """Run it once.

    Raises:
        StackError: the stack cannot start.
        TimeoutError: not every report came through.
    """
    shutil.rmtree(state, ignore_errors=True)
    profiles = write_profiles(state / "districts")
    config = StackConfig(
        state=state, cache=STATE, broker=broker, port_base=port_base, districts=DISTRICTS, profiles=profiles
    )
    records = list(reports(count, "1"))
    async with LocalStack(config, say) as stack:
        before = _cpu(stack)
        meter, begun = await _through(stack, records, say)
        cpu = {name: round(after - before[name], 2) for name, after in _cpu(stack).items()}
        for _, service in stack.replicas():
            await service.stop()
        relay_seconds = await _relay(stack.bootstrap, records)
    return Measured(
        reports=count,
        taken=meter.counts["report.accepted"] + meter.counts["report.merged"],
        handed=meter.counts["notice.delivered"],
        seconds=meter.last["notice.delivered"] - begun,
        relay_seconds=relay_seconds,
        cpu=cpu,
        counts=dict(sorted(meter.counts.items())),
    )


def _cpu(stack: LocalStack) -> dict[str, float]:
    return {one.name: cpu_seconds(one.pid) for one in stack.components() if one.pid is not None}


async def _through(stack: LocalStack, records: Sequence[Inbound], say: Callable[[str], None]) -> tuple[Meter, float]:
    """Send everything and wait for the last notice; return the meter and when the first report was sent."""
    topics = [topic_name(code, suffix) for code in DISTRICTS for suffix in (Topic.INCIDENTS, Topic.NOTIFICATIONS)]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=stack.bootstrap, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with Publisher(stack.bootstrap, idempotent=stack.config.broker == "kafka") as publisher:
            meter = Meter(consumer)
            begun = monotonic()
            for start in range(0, len(records), PORTION):
                await publisher.send(records[start : start + PORTION])
            say(f"{len(records):,} reports appended in {monotonic() - begun:.1f} s")
            await _until_done(meter, len(records))
        return meter, begun
    finally:
        await consumer.stop()


async def _until_done(meter: Meter, count: int) -> None:
    """Wait until every report is taken in, every notice that was queued has ended, and nothing comes any more."""
    moved = monotonic()
    while True:
        if await meter.poll():
            moved = monotonic()
        quiet = monotonic() - moved
        taken = meter.counts["report.accepted"] + meter.counts["report.merged"]
        ended = sum(meter.counts[kind] for kind in DONE)
        if quiet > QUIET_SECONDS and taken >= count and ended >= meter.counts["notice.queued"]:
            return
        if quiet > STALLED_SECONDS:
            raise TimeoutError(f"{taken} of {count} reports were taken in; so far: {dict(meter.counts)}")


async def _relay(bootstrap: str, records: Sequence[Inbound]) -> float:
    """Relay the same records with nothing else running but the broker; return the seconds."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(RELAY_TOPIC, 6, 1)])
    finally:
        await admin.close()
    topics = sorted({one.topic for one in records})
    arguments = [sys.executable, "-m", "tests.bench.relay", bootstrap, str(len(records)), RELAY_TOPIC, *topics]
    process = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return float(output)

"""The whole bench on one stack: recorded, floor, naive, ours, latency, a million cases, ours again, sweeps."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.local import LocalStack, StackConfig
from deploy.local.config import FLOW, STATE
from deploy.partner.messages import Inbound
from deploy.partner.publisher import Publisher
from shared.contracts.topics import Topic, topic_name
from shared.infra.clock import monotonic
from tests.bench import latency, storage, sweeps
from tests.bench.floor_run import run_floor
from tests.bench.load import DISTRICTS, reports, write_profiles
from tests.bench.meter import cpu_seconds, log_bytes, metering, resident_mb
from tests.bench.processes import naive, running, services, start_at_the_end, topics_of

PORTION = 1_000
RATE = 100.0
CACHE_GB = 6.0
"""A quarter of this machine's memory, half of what MongoDB takes by itself: a million cases do not fit into 0.5."""

Say = Callable[[str], None]
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each is measured."""

    reports: int = 20_000
    recorded: int = 4_000
    naive: int = 600
    latency_seconds: int = 60
    few: int = 10_000
    many: int = 1_000_000


QUICK = Size(reports=2_000, recorded=1_000, naive=150, latency_seconds=15, few=2_000, many=20_000)


@dataclass(slots=True)
class Bench:
    """One stack and what was measured on it so far."""

    stack: LocalStack
    size: Size
    say: Say
    result: Result
    runs: int = 0

    def load(self, count: int) -> list[Inbound]:
        """Return so many reports that were not sent before."""
        self.runs += 1
        return list(reports(count, f"{self.runs}"))

    async def through(self, name: str, count: int, pids: dict[str, int]) -> Result:
        """Send reports as fast as the broker takes them, and measure until the last notice is told."""
        load, watched = self.load(count), {**self.infra(), **pids}
        topics = [topic_name(code, suffix) for code in DISTRICTS for suffix in Topic if suffix != Topic.COMMANDS]
        before, bytes_before = _cpu(watched), log_bytes(self.stack.config.state / "kafka" / "data")
        async with metering(self.stack.bootstrap, topics) as meter:
            begun = monotonic()
            await _send(self.stack.bootstrap, load)
            seconds = await meter.until_done(count) - begun
        spent = {one: round((after - before[one]) / count * 1e6) for one, after in _cpu(watched).items()}
        records = (sum(meter.counts.values()) + count) / count
        size = (log_bytes(self.stack.config.state / "kafka" / "data") - bytes_before) / count
        self.say(f"{name}: {count:,} reports in {seconds:.1f} s, {count / seconds:.0f} a second")
        return {
            "reports": count,
            "seconds": round(seconds, 2),
            "reports_per_second": round(count / seconds, 1),
            "cpu_us": spent,
            "rss_mb": {one: round(resident_mb(pid), 1) for one, pid in pids.items()},
            "records_per_report": round(records, 2),
            "published_again": meter.again,
            "notices_per_report": round(meter.counts["notice.delivered"] / count, 2),
            "broker_bytes_per_report": round(size),
        }

    def infra(self) -> dict[str, int]:
        """Return the process ids of database and broker."""
        return {one.name: one.pid or 0 for one in self.stack.infra()}


async def run(size: Size, state: Path, port_base: int | None, say: Say) -> Result:
    """Measure everything; return it as plain values.

    Raises:
        StackError: the stack cannot start.
        TimeoutError: not every report came through.
    """
    shutil.rmtree(state, ignore_errors=True)
    profiles = write_profiles(state / "districts")
    config = StackConfig(
        state=state,
        cache=STATE,
        broker="kafka",
        port_base=port_base,
        districts=DISTRICTS,
        profiles=profiles,
        services=(),
        mongo_cache_gb=CACHE_GB,
    )
    begun = monotonic()
    async with LocalStack(config, lambda _: None) as stack:
        bench = Bench(stack, size, say, {"infra_seconds": round(monotonic() - begun, 1)})
        await _compared(bench)
        await _ours(bench)
        await _grown(bench)
    return bench.result


async def _compared(bench: Bench) -> None:
    """Record, then run the floor with and without the database, then the naive pipeline."""
    stack, size, result = bench.stack, bench.size, bench.result
    folder = stack.config.state / "recorded"
    folder.mkdir(parents=True)
    begun = monotonic()
    async with running(services(stack, folder)) as pids:
        result["start_seconds"] = round(result["infra_seconds"] + monotonic() - begun, 1)
        result["recorded"] = await bench.through("recorded", size.recorded, pids)
    for name, database in (("floor", True), ("floor_without_database", False)):
        floor = await run_floor(stack, bench.load(size.recorded), folder, database=database)
        result[name] = {"reports_per_second": round(floor.reports_per_second, 1), "cpu_us": _rounded(floor.cpu_us)}
        bench.say(f"{name}: {floor.reports_per_second:.0f} reports a second")
    for name in FLOW:
        await start_at_the_end(stack.bootstrap, f"naive-{name}", topics_of(name))
    async with running(naive(stack)) as pids:
        result["naive"] = await bench.through("naive", size.naive, pids)


async def _ours(bench: Bench) -> None:
    """Measure the services with some cases stored, then their latency."""
    stack, size, result = bench.stack, bench.size, bench.result
    # What the naive pipeline was sent has not been read by ours.
    for name in FLOW:
        await start_at_the_end(stack.bootstrap, name, topics_of(name))
    await storage.grow(stack.mongo_url, size.few, lambda _: None)
    result["stored_few"] = await storage.stored(stack.mongo_url)
    async with running(services(stack)) as pids:
        result["ours"] = await bench.through("ours", size.reports, pids)
    async with running(services(stack)) as pids:
        load = bench.load(int(RATE * size.latency_seconds))
        bench.say(f"latency: {RATE:.0f} reports a second for {size.latency_seconds} s")
        measured = await latency.measure(stack.bootstrap, load, RATE, stack.config.state / "notices.jsonl", pids)
    result["latency"] = asdict(measured)


async def _grown(bench: Bench) -> None:
    """Store many cases, measure again, then the sweeps."""
    stack, size, result = bench.stack, bench.size, bench.result
    bench.say(f"storing {size.many:,} cases")
    begun = monotonic()
    await storage.grow(stack.mongo_url, size.many, bench.say)
    bench.say(f"  in {monotonic() - begun:.0f} s")
    result["stored_many"] = await storage.stored(stack.mongo_url)
    async with running(services(stack)) as pids:
        result["grown"] = await bench.through("ours, grown", size.reports, pids)
    result["sweeps"] = [asdict(one) for one in await sweeps.measure(stack.env)]


async def _send(bootstrap: str, load: Sequence[Inbound]) -> None:
    async with Publisher(bootstrap, idempotent=True) as publisher:
        for start in range(0, len(load), PORTION):
            await publisher.send(load[start : start + PORTION])


def _cpu(pids: dict[str, int]) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def _rounded(values: dict[str, float]) -> dict[str, int]:
    return {name: round(value) for name, value in values.items()}

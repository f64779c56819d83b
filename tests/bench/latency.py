"""From a report's append to its notices in their channel, at a fixed rate, and the services' memory meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from aiokafka import AIOKafkaProducer

from deploy.partner.messages import Inbound
from shared.contracts.ids import case_id
from shared.infra.clock import monotonic, pause, wall_clock
from tests.bench.meter import resident_mb

LOOK_SECONDS = 0.002
"""How often the channel's file is looked at: the figures are that exact."""

ENDING = 8
"""So many characters of a case's number tell it from the others of a run."""


@dataclass(slots=True)
class Tail:
    """Reads the lines that come to a file, with the instant (ms since 1970) at which each was seen."""

    path: Path
    lines: list[tuple[float, bytes]] = field(default_factory=list)

    async def run(self) -> None:
        """Read for ever."""
        self.path.touch()
        with self.path.open("rb") as file:
            file.seek(0, 2)
            begun = b""
            while True:
                *whole, begun = (begun + file.read()).split(b"\n")
                now = milliseconds()
                self.lines += [(now, line) for line in whole]
                await pause(LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, by percentile; `first` of each report's first notice, `every` of all; memory in MB."""

    every: dict[str, float]
    first: dict[str, float]
    notices: int
    rss_mb: dict[str, float]


async def measure(
    bootstrap: str, reports: Sequence[Inbound], rate: float, notices: Path, pids: Mapping[str, int]
) -> Latency:
    """Send the reports at the rate and watch the notices of each arrive in the file channel."""
    tail = Tail(notices)
    watching = asyncio.create_task(tail.run())
    memory: dict[str, float] = dict.fromkeys(pids, 0.0)
    weighing = asyncio.create_task(_weigh(pids, memory))
    try:
        appended = await _send(bootstrap, reports, rate)
        await _until_quiet(tail)
    finally:
        watching.cancel()
        weighing.cancel()
        await asyncio.gather(watching, weighing, return_exceptions=True)
    every, first = _delays(appended, tail.lines)
    return Latency(percentiles(every), percentiles(first), len(every), memory)


async def _send(bootstrap: str, reports: Sequence[Inbound], rate: float) -> dict[str, float]:
    """Append the reports one by one; return when the broker had each (ms since 1970), by the end of its case's id."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    await producer.start()
    begun, sent = monotonic(), []
    try:
        for number, one in enumerate(reports):
            await pause(max(0.0, begun + number / rate - monotonic()))
            sent.append(await producer.send(one.topic, one.value, one.key.encode(), headers=list(one.headers)))
        acknowledged = await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return {case_ending(one): float(done.timestamp) for one, done in zip(reports, acknowledged, strict=True)}


def case_ending(report: Inbound) -> str:
    """Return the end of the number that a report's case will have."""
    _, district, _, partner = report.topic.split(".")
    return case_id(district, wall_clock().date(), partner, report.key)[-ENDING:]


async def _until_quiet(tail: Tail) -> None:
    """Wait until no notice has come for a while."""
    number = -1
    while number != len(tail.lines):
        number = len(tail.lines)
        await pause(3.0)


def _delays(appended: Mapping[str, float], lines: Sequence[tuple[float, bytes]]) -> tuple[list[float], list[float]]:
    every: list[float] = []
    first: dict[str, float] = {}
    for seen, line in lines:
        case = json.loads(line)["case_id"][-ENDING:]
        if case in appended:
            every.append(seen - appended[case])
            first.setdefault(case, seen - appended[case])
    return every, list(first.values())


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the percentiles of interest, and the largest."""
    cuts = quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 1),
        "p95": round(cuts[94], 1),
        "p99": round(cuts[98], 1),
        "max": round(max(values), 1),
    }


async def _weigh(pids: Mapping[str, int], memory: dict[str, float]) -> None:
    """Note the largest resident memory of each process, once a second."""
    while True:
        for name, pid in pids.items():
            memory[name] = max(memory[name], round(resident_mb(pid), 1))
        await pause(1.0)


def milliseconds() -> float:
    """Return the real time in ms since 1970, as the broker tells it."""
    return wall_clock().timestamp() * 1000

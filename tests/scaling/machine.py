"""Whose processor time it was, and who reads which district."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import httpx

from deploy.local import dedicated
from deploy.local.machine import HOST
from deploy.local.state import ComponentState
from tests.bench.meter import TICKS, cpu_seconds

IDLE = slice(3, 5)
"""Of the numbers in /proc/stat: idle, and waiting for a disk."""


def group(name: str) -> str:
    """Return under which heading a component's processor time is told."""
    return "dedicated" if dedicated.is_label(name) else name if name in ("mongod", "kafka") else "pool"


def spent(components: Iterable[ComponentState]) -> dict[str, float]:
    """Return the processor seconds so far by group; `load` is this process, `all` the whole machine."""
    total: dict[str, float] = defaultdict(float)
    for one in components:
        if one.pid:
            total[group(one.name)] += _seconds(one.pid)
    total["load"] += _seconds(os.getpid())
    numbers = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    total["all"] += (sum(numbers) - sum(numbers[IDLE])) / TICKS
    return total


def _seconds(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except FileNotFoundError:
        return 0.0


async def waiting(port: int) -> dict[str, float]:
    """Return how many records wait for a service, by the districts whose partitions it has, by its own metrics."""
    async with httpx.AsyncClient(trust_env=False) as client:
        said = await client.get(f"http://{HOST}:{port}/metrics")
    found: dict[str, float] = defaultdict(float)
    for line in said.text.splitlines():
        if "_consumer_lag_records{" in line:
            found[line.partition('topic="gw.')[2][:6]] += float(line.rpartition(" ")[2])
    return dict(found)


async def districts_read(port: int) -> set[str]:
    """Return the districts whose partitions a service has."""
    return set(await waiting(port))

"""When which fault strikes, and how long it takes until fresh reports come through again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from shared.infra.clock import monotonic
from tests.fault.harness.faults import FAULTS
from tests.fault.harness.plays import Play
from tests.fault.harness.world import Injection, World
from tests.support.bus import until

PROBES = 12
"""Fresh reports after a strike, over both districts and most partitions."""

RECOVERY_SECONDS = 150.0
"""Who has not recovered by then is stuck."""

SHORT = (
    ("point", "poison", "webhook"),
    ("broker-killed", "clock"),
    ("mongo-killed", "kill", "replicas"),
    ("broker-frozen", "mongo-frozen", "service-frozen"),
)
"""Every fault once, in as many groups as there are things to get over."""

TOGETHER = 0.3
"""How often a second fault strikes while the first has not been got over."""


def rounds(world: World, only: Sequence[str], *, short: bool) -> Iterator[tuple[str, ...]]:
    """Yield which faults strike together: a short run has each once, a long one goes on for ever in ever new order."""
    names = [name for name in FAULTS if not only or name in only]
    if short:
        wanted = (tuple(name for name in group if name in names) for group in SHORT)
        yield from (group for group in wanted if group)
        return
    while True:
        order = world.dice.sample(names, len(names))
        while order:
            pair = len(order) > 1 and world.dice.random() < TOGETHER
            yield tuple(order.pop() for _ in range(2 if pair else 1))


async def torment(world: World, groups: Iterator[tuple[str, ...]], stop: asyncio.Event) -> None:
    """Let the faults strike, group after group, until told to stop or nothing is left."""
    for group in groups:
        if stop.is_set():
            return
        await asyncio.gather(*(_one(world, name) for name in group))
        await _rest(stop, world.dice.uniform(0.5, 3))


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def _one(world: World, name: str) -> None:
    measuring: list[asyncio.Task[None]] = []

    def hit(detail: str) -> None:
        injection = world.strike(name, detail)
        measuring.append(asyncio.create_task(_measure(world, injection)))

    await FAULTS[name](world, hit)
    for injection in world.injections:
        if injection.kind == name and not injection.ended:
            injection.ended = monotonic()
    await asyncio.gather(*measuring)


async def _measure(world: World, injection: Injection) -> None:
    """Send fresh reports at once, and see when the last of them has come through all four services."""
    probes = [world.new_play("filed") for _ in range(PROBES)]
    for probe in probes:
        world.cast.begin(probe)

    def through() -> bool:
        return all(probe.arrived is not None for probe in probes)

    try:
        await until(through, RECOVERY_SECONDS, "fresh reports")
    except TimeoutError:
        world.say(f"{injection.kind} ({injection.detail}): not recovered after {RECOVERY_SECONDS:.0f} s")
        return
    injection.recovered = _last(probes) - injection.struck


def _last(probes: Sequence[Play]) -> float:
    return max(probe.arrived or 0.0 for probe in probes)

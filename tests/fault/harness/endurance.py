"""The load of the fault run at a fixed rate, with nobody disturbing it, and a look at every process now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.infra.clock import monotonic
from tests.fault.harness.run import Plan, feed, opened, settle
from tests.fault.harness.sampler import Sample, Sampler

AFTERWARDS_SECONDS = 60.0


@dataclass(slots=True)
class Endured:
    """What was seen. Times are monotonic seconds."""

    reports: int
    begun: float = 0.0
    ended: float = 0.0
    left: list[str] = field(default_factory=list)
    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)


async def endure(plan: Plan, say: Callable[[str], None]) -> Endured:
    """Run it.

    Raises:
        StackError: the stack cannot start.
        TimeoutError: the machine does not keep up with the rate.
    """
    endured = Endured(plan.reports)
    async with opened(plan, say) as world:
        sampler = Sampler(world.stack, each=world.inbox.read_file, asks_lag=True)
        background = [asyncio.create_task(work) for work in (world.cast.listen(), sampler.run(), world.supervise())]
        try:
            endured.begun = monotonic()
            await feed(plan, world)
            endured.ended = monotonic()
            endured.left = [*await settle(world, AFTERWARDS_SECONDS), *world.deaths]
            endured.samples = sampler.samples
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
    return endured

"""One run: a fresh stack, every script once undisturbed, then the load with the faults beneath it, then the proof."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from deploy.conservation.ledger import audit, in_words
from deploy.conservation.sources import read_facts
from deploy.local import LocalStack, StackConfig
from deploy.local.config import STATE, VirtualClock
from shared.district.loader import load
from shared.infra.clock import ScaledClock, monotonic, wall_clock
from tests.fault.harness.cast import WINDOW, Cast
from tests.fault.harness.chaos import rounds, torment
from tests.fault.harness.district import DISTRICTS, write_profiles
from tests.fault.harness.flat import grown
from tests.fault.harness.inbox import TIMEOUT_SECONDS, Inbox, open_inbox
from tests.fault.harness.plays import START, Play, Spot
from tests.fault.harness.post import Post
from tests.fault.harness.record import Bus, read_bus
from tests.fault.harness.sampler import Sampler
from tests.fault.harness.stored import read_kept, stuck
from tests.fault.harness.stories import STORIES, draw_order
from tests.fault.harness.verdict import Deliveries, Proof, deliveries, judge, letters_fit
from tests.fault.harness.world import REPLICAS, SERVICES, Injection, World, intakes
from tests.support.bus import until

SPECIMENS = 2
"""So many of each story in each district are played before anything is disturbed."""

PARTITIONS = 3
"""Half the usual number: a broker that was killed looks through every one of them before it serves again."""

SETTLE_SECONDS, MOST_SECONDS = 240.0, 900.0
SHORT_FREEZE, FREEZE = 7.0, 20.0
LEASE = {"GW_DELIVERY_LEASE_SECONDS": "20", "GW_DELIVERY_SEND_SECONDS": "5"}
"""Short, so that what a crash leaves claimed comes again soon; a freeze of 20 s outlasts it, which is counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    seed: int
    reports: int
    minutes: float
    state: Path
    port_base: int | None
    only: Sequence[str] = ()
    short: bool = False

    @property
    def freeze(self) -> float:
        """Seconds for which SIGSTOP lasts."""
        return SHORT_FREEZE if self.short else FREEZE


@dataclass(slots=True)
class Result:
    """What came of it."""

    seed: int
    begun: float
    injections: list[Injection] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)
    ended: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.begun


def _config(plan: Plan, inbox: Inbox, origin: ScaledClock) -> StackConfig:
    return StackConfig(
        state=plan.state,
        cache=STATE,
        broker="kafka",
        port_base=plan.port_base,
        districts=DISTRICTS,
        profiles=write_profiles(plan.state / "districts", inbox.url),
        partitions=PARTITIONS,
        replicas=dict.fromkeys(SERVICES, REPLICAS),
        mode="replay",
        clock=VirtualClock(start=START, origin=origin.origin, rate=1.0),
        env={
            **LEASE,
            "GW_NOTICES_FILE": str(inbox.file),
            "GW_WEBHOOK_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "GW_HTTP_RATE_PER_SECOND": "10000",
        },
    )


@asynccontextmanager
async def opened(plan: Plan, say: Callable[[str], None]) -> AsyncIterator[World]:
    """Start a stack of its own and put the partners around it.

    Raises:
        StackError: the stack cannot start.
    """
    shutil.rmtree(plan.state, ignore_errors=True)
    plan.state.mkdir(parents=True)
    clock = ScaledClock(START, wall_clock(), 1.0)
    async with AsyncExitStack() as open_:
        inbox = await open_.enter_async_context(open_inbox(plan.state / "notices.jsonl"))
        config = _config(plan, inbox, clock)
        spots = {code: Spot.of(load(config.profiles / code)) for code in DISTRICTS}
        stack = await open_.enter_async_context(LocalStack(config, say))
        post = Post.of(stack.bootstrap, lambda: intakes(stack), config.secrets)
        cast = Cast(await open_.enter_async_context(post), clock, DISTRICTS)
        open_.push_async_callback(cast.close)
        yield World(stack, cast, inbox, Random(plan.seed), spots, f"F{plan.seed}", plan.freeze, say)


async def run(plan: Plan, say: Callable[[str], None]) -> Result:
    """Run it.

    Raises:
        StackError: the stack cannot start.
        TimeoutError: not even the undisturbed scripts came to their end.
    """
    result = Result(plan.seed, monotonic())
    async with opened(plan, say) as world:
        result.injections = world.injections
        await _play(plan, world, result)
    return result


async def _play(plan: Plan, world: World, result: Result) -> None:
    sampler = Sampler(world.stack, each=world.inbox.read_file)
    background = [asyncio.create_task(work) for work in (world.cast.listen(), sampler.run(), world.supervise())]
    try:
        specimens = await _undisturbed(world)
        await _disturbed(plan, world)
        await _settled(world, result.proof)
        await sampler.take()
        world.inbox.read_file()
        await _prove(world, specimens, result.proof)
        result.proof.add("grown", grown(sampler.samples))
    finally:
        result.ended = monotonic()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


async def _undisturbed(world: World) -> list[Play]:
    """Play each story in each district before anything happens."""
    names = [name for name in STORIES for _ in range(SPECIMENS * len(DISTRICTS))]
    plays = [world.new_play(name) for name in names]
    for play in plays:
        world.cast.begin(play)
    try:
        over = "the end of the undisturbed scripts"
        await until(lambda: all(one.done and one.arrived for one in plays), SETTLE_SECONDS, over)
    except TimeoutError as late:
        left = [
            f"{one.name} at cue {one.cue}, heard {dict(one.heard)}" for one in plays if not one.done or not one.arrived
        ]
        raise TimeoutError("\n".join([str(late), *left])) from None
    world.say(f"{len(plays)} scripts played undisturbed")
    return plays


async def _disturbed(plan: Plan, world: World) -> None:
    """Report while faults strike; the last fault is got over before this returns."""
    stop = asyncio.Event()
    faults = asyncio.create_task(torment(world, rounds(world, plan.only, short=plan.short), stop))
    await feed(plan, world)
    if not plan.short:
        stop.set()
    await faults


async def feed(plan: Plan, world: World) -> None:
    """Report at a steady pace, as far as those who report before have not to be waited for."""
    names = draw_order(Random(plan.seed), plan.reports)
    begun, pace = monotonic(), plan.minutes * 60 / plan.reports
    for number, name in enumerate(names):

        def turn(at: float = begun + number * pace) -> bool:
            return monotonic() >= at and world.cast.under_way() < WINDOW

        await until(turn, SETTLE_SECONDS, "room for another report")
        world.cast.begin(world.new_play(name))
    world.say(f"{len(names):,} reports sent in {monotonic() - begun:.0f} s")


async def settle(world: World, seconds: float) -> list[str]:
    """Wait until every script has ended and nothing is on its way; return what is left over all the same.

    What gets less is waited for, up to `MOST_SECONDS`: how long a backlog lasts says something of the machine only.
    """
    plays = world.cast.plays.values()
    with suppress(TimeoutError):
        await until(lambda: all(one.done and one.arrived for one in plays), seconds, "the end of every script")
    last = monotonic() + MOST_SECONDS
    left, patience = [""], monotonic() + seconds
    while left and monotonic() < min(patience, last):
        before, left = left, await stuck(world.stack.bootstrap, world.stack.mongo_url, world.cast.clock)
        patience = patience if left == before else monotonic() + seconds
        await asyncio.sleep(0.5)
    return left


async def _settled(world: World, proof: Proof) -> None:
    proof.add("stuck", await settle(world, SETTLE_SECONDS))
    proof.add("stuck", (f"{one.kind} ({one.detail}) was not got over" for one in world.injections if not one.recovered))
    proof.add("different", world.deaths)


async def _prove(world: World, specimens: Sequence[Play], proof: Proof) -> None:
    stack = world.stack
    bus = await read_bus(stack.bootstrap, DISTRICTS, PARTITIONS, world.poison)
    kept = await read_kept(stack.mongo_url)
    others = [play for play in world.cast.plays.values() if play not in specimens]
    proof.findings += judge(others, specimens, bus, kept)
    proof.findings += letters_fit(bus, world.poison)
    proof.add("doubled", bus.two_contents)
    proof.add("doubled", kept.doubled)
    proof.add("different", kept.live_after_end)
    arrived = deliveries(world.inbox, bus, world.injections)
    proof.findings += arrived.findings
    proof.add("different", in_words(audit(await read_facts(stack.bootstrap, stack.mongo_url, world.cast.clock))))
    proof.facts = {**_facts(world, specimens, bus), **_notices(arrived, bus)}


def _facts(world: World, specimens: Sequence[Play], bus: Bus) -> dict[str, int]:
    return {
        "reports": len(world.cast.plays),
        "of_which_undisturbed": len(specimens),
        "acknowledged": sum(one.acknowledged is not None for one in world.cast.plays.values()),
        "acknowledged_over_http": world.cast.post.by_http,
        "sent_again_by_partners": world.cast.post.again,
        "events": len(bus.ids),
        "events_published_again": bus.copies,
        "poison": len(world.poison),
        "poison_the_broker_refused": world.refused_by_broker,
        "dead_letters": sum(len(one) for one in bus.letters.values()),
    }


def _notices(arrived: Deliveries, bus: Bus) -> dict[str, int]:
    return {
        "notices_that_arrived": arrived.keys,
        "suppressed_for_their_case_was_over": bus.stale,
        "arrived_again_after_a_crash": arrived.in_crashes,
        "arrived_again_after_no_answer": arrived.in_doubt,
        "arrived_again_for_an_answer_unread": arrived.unread,
    }

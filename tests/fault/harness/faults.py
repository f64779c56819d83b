"""The faults. Each strikes, stays for a while, and puts right again what an operator or a platform would put right."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from deploy.local.component import Component
from deploy.local.errors import StackError
from tests.fault.harness.poison import pour
from tests.fault.harness.world import NEVER, SERVICES, World
from tests.support.bus import until

Hit = Callable[[str], None]
Fault = Callable[[World, Hit], Awaitable[None]]

STEPS = ("load", "decide", "companions", "save", "publish", "note", "mark")
ENGINE = ["before:load", *(f"after:{step}" for step in STEPS)]
POINTS = {
    "intake": ENGINE,
    "router": ENGINE,
    "escalation": ENGINE,
    "notifier": [*ENGINE, *(f"after:notices.{step}" for step in STEPS), "before:send", "after:send"],
}
"""Every place at which a service can be told to kill itself."""

SKEWS = (-3 * 60, -45, -7, 7, 45, 3 * 60)
"""Minutes by which a host's clock is off."""

BEFORE_JUMP_SECONDS = 3
"""So long after it was ready a replica is in the middle of its work."""

REACHED_SECONDS = 40.0
BEHAVIOURS = ("hang", "500", "close", "late")
_markers = itertools.count()


async def at_a_point(world: World, hit: Hit) -> None:
    """Kill one replica of each service at a point of its engine, in the middle of a batch."""
    await asyncio.gather(*(_killed_at(world, hit, service) for service in SERVICES))


async def _killed_at(world: World, hit: Hit, service: str) -> None:
    component = world.replica(service)
    point, passage = world.dice.choice(POINTS[service]), world.dice.randint(1, 8)
    marker = Path(world.stack.config.run) / f"point-{next(_markers)}"
    with suppress(StackError):
        await component.restart({"GW_FAULT_POINT": f"{point}@{passage}:{marker}"})
    try:
        await until(lambda: component.died, REACHED_SECONDS, f"{component.name} at {point}")
        hit(f"{component.name} {point}")
    except TimeoutError:
        component.kill()
        hit(f"{component.name} (never came to {point})")
    await world.back(component)


async def kill(world: World, hit: Hit) -> None:
    """Kill -9 a replica of some service at any moment."""
    component = world.replica(world.dice.choice(SERVICES))
    await asyncio.sleep(world.dice.random())
    component.kill()
    hit(component.name)
    await asyncio.sleep(world.dice.uniform(0, 2))
    await world.back(component)


async def replicas(world: World, hit: Hit) -> None:
    """Add a replica of a service and take another away: partitions move twice while batches are in work."""
    service = world.dice.choice(SERVICES)
    leaving = world.replica(service)
    hit(f"{service}: one more, then {leaving.name} away")
    spare = next((one for name, one in world.stack.replicas() if name == service and not one.alive), None)
    if spare is None:
        await world.stack.add_replica(service)
    else:
        await spare.start()
    await leaving.stop()
    world.in_hand.discard(leaving.name)


async def broker_killed(world: World, hit: Hit) -> None:
    """Kill -9 the broker and start it again."""
    await _killed(world, hit, world.stack.broker)


async def mongo_killed(world: World, hit: Hit) -> None:
    """Kill -9 mongod and start it again."""
    await _killed(world, hit, world.stack.mongo)


async def _killed(world: World, hit: Hit, component: Component) -> None:
    world.in_hand.add(component.name)
    component.kill()
    hit(component.name)
    await asyncio.sleep(world.dice.uniform(0, 4))
    await world.back(component)


async def broker_frozen(world: World, hit: Hit) -> None:
    """Stop the broker with SIGSTOP for a while."""
    await _frozen(world, hit, world.stack.broker)


async def mongo_frozen(world: World, hit: Hit) -> None:
    """Stop mongod with SIGSTOP for a while."""
    await _frozen(world, hit, world.stack.mongo)


async def service_frozen(world: World, hit: Hit) -> None:
    """Stop a replica for longer than the broker waits: it wakes up in the middle of a batch that others have redone."""
    component = world.replica(world.dice.choice(SERVICES))
    await _frozen(world, hit, component)
    world.in_hand.discard(component.name)


async def _frozen(world: World, hit: Hit, component: Component) -> None:
    os.kill(component.pid or 0, signal.SIGSTOP)
    hit(f"{component.name} for {world.freeze:.0f} s")
    try:
        await asyncio.sleep(world.freeze)
    finally:
        os.kill(component.pid or 0, signal.SIGCONT)


async def poison(world: World, hit: Hit) -> None:
    """Pour what no parser likes onto inbound and internal topics."""
    poured = await pour(world, hit)
    world.say(f"poison: {poured} records")


async def clock(world: World, hit: Hit) -> None:
    """Let the clock under one replica jump: it has to end, and not to begin until the clock is set right."""
    component = world.replica(world.dice.choice(SERVICES))
    minutes = world.dice.choice(SKEWS)
    hit(f"{component.name} {minutes:+} min")
    sign = Path(world.stack.config.run) / f"clock-{next(_markers)}"
    with suppress(StackError):
        await component.restart({"GW_FAULT_CLOCK": f"{minutes}@{sign}"})
        await asyncio.sleep(BEFORE_JUMP_SECONDS)
        sign.touch()
        if not await _happened(lambda: component.died):
            world.deaths.append(f"{component.name} lived on with a clock that was {minutes:+} min off")
    await component.stop()
    component.launch({"GW_FAULT_CLOCK": str(minutes)})
    await asyncio.sleep(world.freeze / 4)
    if not component.alive or await component.program.probe():
        world.deaths.append(f"{component.name} did not wait for its clock, {minutes:+} min off, to be set right")
    await component.stop()
    await world.back(component, {"GW_FAULT_CLOCK": NEVER})


async def _happened(condition: Callable[[], bool]) -> bool:
    try:
        await until(condition, REACHED_SECONDS, "it")
    except TimeoutError:
        return False
    return True


async def webhook(world: World, hit: Hit) -> None:
    """Let the receiver of webhooks hang, answer 500, close, answer late."""
    moods = world.dice.sample(BEHAVIOURS, len(BEHAVIOURS))
    hit(", ".join(moods))
    for mood in moods:
        world.inbox.behaviour = mood
        await asyncio.sleep(world.freeze / 4)
    world.inbox.behaviour = "200"


FAULTS: dict[str, Fault] = {
    "point": at_a_point,
    "kill": kill,
    "replicas": replicas,
    "broker-killed": broker_killed,
    "broker-frozen": broker_frozen,
    "mongo-killed": mongo_killed,
    "mongo-frozen": mongo_frozen,
    "service-frozen": service_frozen,
    "poison": poison,
    "clock": clock,
    "webhook": webhook,
}

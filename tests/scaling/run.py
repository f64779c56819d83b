"""The phases: quiet, flooded with the pool alone, with workers for the flooded district, and with those killed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from deploy.local import StackConfig, StackError, background, dedicated, services, state
from deploy.local.config import ROOT, STATE
from shared.infra.clock import monotonic, pause, wall_clock
from tests.bench.latency import milliseconds, percentiles
from tests.bench.load import DISTRICTS, write_profiles
from tests.scaling.machine import districts_read, spent, waiting
from tests.scaling.traffic import Feed, Notices

CALM, FLOODED = DISTRICTS
TIMES = 10
"""So many times as many reports come in the flooded district as in the calm one."""

OVER = 1.3
"""What comes in a flood, as a multiple of what the pool can take."""

QUIET_SECONDS = 6.0
SETTLE_SECONDS = 10.0
TAKE_OVER_SECONDS = 60.0
CATCH_UP_SECONDS = 300.0
LOOK_SECONDS = 2.0
"""The services refresh their lag as often."""

CALM_LOOKS = 3
"""Right after partitions have moved, nothing is known of some of them."""

Say = Callable[[str], None]
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    seconds: float
    trial: int
    state: Path
    port_base: int | None


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch in which nothing was changed (ms since 1970), and whose processors it was."""

    name: str
    begin: float
    end: float
    processors: Mapping[str, float]


@dataclass(slots=True)
class Scene:
    """The stack as `gridwhistle up` starts it, its partners, and what arrives."""

    config: StackConfig
    env: Mapping[str, str]
    calm: Feed
    flooded: Feed
    notices: Notices
    say: Say
    running: Sequence[asyncio.Task[None]]
    phases: list[Phase] = field(default_factory=list)

    def now(self) -> state.StackState:
        """Return the stack as it stands.

        Raises:
            StackError: it has ended.
        """
        now = state.read(self.config.run)
        if now is None or state.owner(self.config.run) is None:
            raise StackError("the stack has ended")
        return now

    async def command(self, *arguments: str) -> Any:
        """Type a command of gridwhistle with --json, as an operator would, and return what it printed.

        Raises:
            StackError: it printed a complaint instead.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", *arguments, "--json"),
            cwd=ROOT,
            env={**os.environ, **self.env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        if not output:
            told = errors.decode(errors="replace")
            raise StackError(f"gridwhistle {' '.join(arguments)} ended with status {process.returncode}:\n{told}")
        return json.loads(output)

    async def phase(self, name: str, seconds: float) -> Phase:
        """Let it go on for so long and note what it took."""
        components = self.now().components
        begin, before = milliseconds(), spent(components)
        await pause(seconds)
        for task in self.running:
            if task.done():
                task.result()
        used = {group: after - before[group] for group, after in spent(components).items()}
        made = Phase(name, begin, milliseconds(), _processors(used, seconds))
        self.phases.append(made)
        told = percentiles(self.notices.delays(self.calm, begin, made.end - 1_000) or [0.0, 0.0])
        self.say(f"{name}: {CALM} so far p50 {told['p50']:.0f} ms, p99 {told['p99']:.0f} ms")
        return made


def _processors(used: dict[str, float], seconds: float) -> dict[str, float]:
    whole = used.pop("all")
    shares = {**used, "others": whole - sum(used.values())}
    return {name: round(max(0.0, one) / seconds, 2) for name, one in shares.items()}


@asynccontextmanager
async def opened(plan: Plan, say: Say) -> AsyncIterator[Scene]:
    """Start a fresh stack in the background, as `gridwhistle up --broker kafka` does, and end it.

    Raises:
        StackError: it cannot start.
    """
    shutil.rmtree(plan.state, ignore_errors=True)
    config = StackConfig(
        state=plan.state,
        cache=STATE,
        broker="kafka",
        port_base=plan.port_base,
        districts=DISTRICTS,
        profiles=write_profiles(plan.state / "districts"),
    )
    async with AsyncExitStack() as open_:
        # Before it is started: who is interrupted meanwhile leaves nothing behind.
        open_.callback(background.down, config)
        now = await asyncio.to_thread(background.launch, config, say)
        # It is held still for a while, and must hear that it is to end.
        open_.callback(os.kill, now.pid, signal.SIGCONT)
        producer = AIOKafkaProducer(bootstrap_servers=now.bootstrap, acks="all", linger_ms=0)
        await open_.enter_async_context(producer)
        calm, flooded = (Feed(code, producer) for code in DISTRICTS)
        notices = Notices(config.state / "notices.jsonl")
        running = [asyncio.create_task(one.run()) for one in (calm, flooded, notices)]
        open_.callback(lambda: [task.cancel() for task in running])
        yield Scene(config, services.common_env(config, wall_clock()), calm, flooded, notices, say, running)


async def play(plan: Plan, scene: Scene) -> Result:
    """Go through the phases; return what was measured, as plain values."""
    result: Result = {"capacity": await _capacity(plan, scene)}
    quiet = result["capacity"] * OVER / (TIMES + 1)
    result["rates"] = {CALM: round(quiet, 1), FLOODED: round(TIMES * quiet, 1)}
    scene.calm.rate = scene.flooded.rate = quiet
    await pause(SETTLE_SECONDS)
    await scene.phase("quiet", plan.seconds)
    scene.flooded.rate = TIMES * quiet
    await pause(SETTLE_SECONDS)
    await scene.phase("flooded, the pool alone", plan.seconds)
    workers = await _scaled(scene, result)
    await _caught_up(scene, result)
    await scene.phase("flooded, with its own workers", plan.seconds)
    await _killed(scene, result, workers)
    await scene.phase("flooded, they are killed", plan.seconds)
    await _drained(scene, result)
    return result


async def _capacity(plan: Plan, scene: Scene) -> float:
    """Return how many reports a second the pool takes from a backlog of both districts."""
    for feed in (scene.calm, scene.flooded):
        feed.rate = 1_000.0
    while scene.calm.sent + scene.flooded.sent < plan.trial:
        await pause(0.005)
    scene.calm.rate = scene.flooded.rate = 0.0
    begun = milliseconds()
    await scene.notices.until_quiet(QUIET_SECONDS)
    sent = scene.calm.sent + scene.flooded.sent
    capacity = sent / ((scene.notices.last - begun) / 1000)
    scene.say(f"the pool takes {capacity:.0f} reports a second ({sent} at once)")
    return capacity


async def _scaled(scene: Scene, result: Result) -> list[int]:
    """Type the one command; return the processes it led to."""
    begun = monotonic()
    result["command"] = f"gridwhistle scale {FLOODED} --workers 1"
    found = await scene.command("scale", FLOODED, "--workers", "1", "--state", str(scene.config.state))
    result["command_at"], result["command_seconds"] = milliseconds(), round(monotonic() - begun, 1)
    scene.say(f"{result['command']}: {result['command_seconds']} s")
    return [one["pid"] for one in found]


async def _caught_up(scene: Scene, result: Result) -> None:
    """Wait until the calm district's own backlog of the flood is worked off: no more waits than comes in a second."""
    begun = monotonic()
    pool = [one.port for one in scene.now().components if one.service and not dedicated.is_label(one.name)]
    looks = 0
    while looks < CALM_LOOKS:
        if monotonic() - begun > CATCH_UP_SECONDS:
            raise TimeoutError(f"{CALM} has not caught up within {CATCH_UP_SECONDS:.0f} s")
        await pause(LOOK_SECONDS)
        behind = [(await waiting(port)).get(CALM, 0) > scene.calm.rate for port in pool]
        looks = 0 if any(behind) else looks + 1
    result["caught_up_seconds"] = round(monotonic() - begun, 1)
    scene.say(f"{CALM} had caught up {result['caught_up_seconds']} s later")


async def _killed(scene: Scene, result: Result, workers: Sequence[int]) -> None:
    """Kill them, with the supervisor held still so that nobody starts them again; wait for the pool to take over."""
    os.kill(scene.now().pid, signal.SIGSTOP)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    begun, result["killed_at"] = monotonic(), milliseconds()
    pool = [one.port for one in scene.now().components if one.service and one.pid not in workers]
    while not all([FLOODED in await districts_read(port) for port in pool]):
        if monotonic() - begun > TAKE_OVER_SECONDS:
            raise TimeoutError(f"the pool has not taken {FLOODED} over within {TAKE_OVER_SECONDS:.0f} s")
        await pause(0.2)
    result["taken_over_seconds"] = round(monotonic() - begun, 1)
    scene.say(f"killed {len(workers)} workers; the pool had {FLOODED} after {result['taken_over_seconds']} s")


async def _drained(scene: Scene, result: Result) -> None:
    """End the flood, let the supervisor start the dead again, and wait until everybody was told everything."""
    scene.calm.rate = scene.flooded.rate = 0.0
    os.kill(scene.now().pid, signal.SIGCONT)
    begun = monotonic()
    await scene.notices.until_quiet(SETTLE_SECONDS)
    result["drained_seconds"] = round(monotonic() - begun - SETTLE_SECONDS, 1)
    scene.say(f"the backlog was worked off {result['drained_seconds']} s after the flood")

"""The life itself: born on A, at work, given workers, cut anew, grown; moved to B, at work there, retired."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy.backup.belongings import there
from deploy.local import LocalStack, StackConfig, probes
from deploy.local.component import together
from deploy.local.config import VirtualClock
from deploy.local.dedicated import Place
from deploy.local.keys import ensure_secrets
from shared.contracts.topics import Topic
from shared.infra.clock import ScaledClock, wall_clock
from shared.infra.mongo import connect
from tests.drill.office import EVIDENCE, Event, Office
from tests.drill.run import RATE, START
from tests.life import ground
from tests.life.ground import DISTRICT, GRID, HEIRS
from tests.life.proofs import Before, open_cases, prove
from tests.life.shell import Say, Shell
from tests.scaling.machine import districts_read
from tests.support.bus import open_bus, until
from tests.support.stack import free_port_base

OTHER_OF_A, OTHER_OF_B = "620802", "620171"
"""The districts beside which it lives."""

FIRST = 8
"""Reports: fewer than a surge takes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything is kept."""

    state: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class World:
    """Two clusters under one time, who types at them, and who lives in the district."""

    plan: Plan
    clock: ScaledClock
    a: Shell
    b: Shell
    town: Office
    say: Say
    wrong: list[str]

    def must(self, sentence: str, *, hold: bool) -> None:
        """Note what does not hold."""
        self.say(f"   {'yes' if hold else 'NO'}: {sentence}")
        if not hold:
            self.wrong.append(sentence)

    @property
    def profile(self) -> Path:
        """The district's folder."""
        return self.plan.state / "profiles" / DISTRICT

    @property
    def backup(self) -> str:
        """Where it is put aside to move."""
        return str(self.plan.state / "moving")


async def live(plan: Plan, say: Say) -> list[str]:
    """Live through it; return what does not hold."""
    shutil.rmtree(plan.state, ignore_errors=True)
    async with _world(plan, say) as world:
        await _be_born(world)
        await _work(world)
        await _have_workers(world)
        await _be_cut_anew(world)
        await _grow(world)
        before = await _leave(world)
        await _arrive(world, before)
        await _retire(world)
        return world.wrong


@asynccontextmanager
async def _world(plan: Plan, say: Say) -> AsyncIterator[World]:
    origin, wrong = wall_clock(), list[str]()
    clock = ScaledClock(START, origin, RATE)
    folder = ground.born(plan.state / "profiles")
    for name in ("a", "b"):
        # Under names of their own: a stack by itself calls its key as every other stack does.
        ensure_secrets(plan.state / name / "secrets", {})
        file = plan.state / name / "secrets" / "vault.keys"
        file.write_text(file.read_text(encoding="utf-8").replace("local-1", f"{name}-1"), encoding="utf-8")
    async with AsyncExitStack() as stacks:
        a = await stacks.enter_async_context(LocalStack(_config(plan, "a", OTHER_OF_A, origin)))
        b = await stacks.enter_async_context(LocalStack(_config(plan, "b", OTHER_OF_B, origin)))
        bus = await stacks.enter_async_context(open_bus(a.bootstrap))
        town = Office(bus, clock, "born-on-a", district=DISTRICT, around=ground.middle(folder))
        on_a, on_b = (Shell(name, stack, plan.state, say, wrong) for name, stack in (("A", a), ("B", b)))
        yield World(plan, clock, on_a, on_b, town, say, wrong)


def _config(plan: Plan, name: str, district: str, origin: datetime) -> StackConfig:
    return StackConfig(
        state=plan.state / name,
        cache=plan.cache,
        broker="kafka",
        districts=(district,),
        env={"GW_DISTRICTS": ""},
        partitions=2,
        port_base=free_port_base(),
        mode="demo",
        clock=VirtualClock(start=START, origin=origin, rate=RATE),
    )


async def _be_born(world: World) -> None:
    world.say("# a district comes")
    await world.a("district", "check", str(world.profile))
    await world.a("district", "apply", str(world.profile))
    await world.a("topics", "apply", "--district", DISTRICT, "--partitions", "2")
    await world.a("keys", "new", "grid-app", "--district", DISTRICT)
    report = '{"report_id": "A-1", "category": "E06010", "text": "小区门口路灯不亮"}'
    await world.a("send", "-", "--partner", "grid-app", "--district", DISTRICT, stdin=report)
    await world.town.heard(Topic.CASES, "task.assigned")
    await world.a("check", "--district", DISTRICT)


async def _work(world: World) -> None:
    world.say("# people report, departments work")
    for _ in range(FIRST):
        await world.town.report()
    tasks = await world.town.heard(Topic.CASES, "task.assigned", FIRST + 1)
    await finish(world.town, tasks[0]["case_id"], tasks)
    world.say(f"   {FIRST + 1} cases are open, {tasks[0]['case_id']} was completed, verified and closed")


async def finish(town: Office, case_id: str, tasks: list[Event]) -> None:
    """Let the departments of a case do all that there is to do, and the centre verify it."""
    for task in tasks:
        if task["case_id"] == case_id:
            about = {"case_id": case_id, "task_id": task["task_id"]}
            await town.command(task["department"], "task.accept", **about)
            await town.command(task["department"], "task.complete", **about, evidence=EVIDENCE)
    await town.heard(Topic.CASES, "case.resolved", case_id=case_id)
    await town.command("centre", "case.verify", case_id, ok=True)
    await town.heard(Topic.CASES, "case.closed", case_id=case_id)


async def _have_workers(world: World) -> None:
    world.say("# it gets workers of its own, and gives them back (as `gridwhistle scale` does)")
    stack, place = world.a.stack, Place(DISTRICT, "router", 0)
    await stack.dedicate(frozenset({place}))
    worker = next(one for name, one in stack.replicas() if one.name == place.label)

    async def alone() -> bool:
        return worker.alive and await _reads(worker.program.port) == {DISTRICT}

    await until(alone, 90, "the worker to have the district and no other")
    await _is_routed(world)
    await stack.dedicate(frozenset())
    await _is_routed(world)


async def _reads(port: int) -> set[str]:
    try:
        return await districts_read(port)
    except OSError:
        return set()


async def _is_routed(world: World) -> str:
    report = await world.town.report()
    (accepted,) = await world.town.heard(Topic.INCIDENTS, "report.accepted", report_id=report)
    case: str = accepted["case_id"]
    await world.town.heard(Topic.CASES, "task.assigned", case_id=case)
    world.say(f"   a new report has its case and its task: {case}")
    return case


async def _be_cut_anew(world: World) -> None:
    world.say(f"# grid {GRID} is cut into {' and '.join(HEIRS)}")
    ground.cut_anew(world.profile)
    await world.a("district", "apply", str(world.profile))
    moved = await world.town.heard(Topic.ESCALATIONS, "case.moved")
    world.must(f"open cases follow their ground ({len(moved)} by then)", hold=bool(moved))


async def _grow(world: World) -> None:
    world.say("# it grows: every service is ended for it")
    await stop(world.a.stack)
    await world.a("topics", "grow", "--district", DISTRICT, "--partitions", "4")
    await start(world.a.stack)
    await _is_routed(world)


async def stop(stack: LocalStack) -> None:
    """End the services of a cluster."""
    await asyncio.gather(*(component.stop() for _, component in stack.replicas()))


async def start(stack: LocalStack) -> None:
    """Start them again, with the settings they had."""
    await together(*(component.start() for _, component in stack.replicas()))


async def _leave(world: World) -> Before:
    world.say("# it moves to B: put aside on A while nobody serves it, taken away from there")
    await world.a("backup", world.backup, "--district", DISTRICT, status=1)
    await stop(world.a.stack)
    late = await world.town.report()
    world.say(f"   while nobody serves it, {late} is reported")
    await world.a("backup", world.backup, "--district", DISTRICT)
    before = await Before.of(world.a, Path(world.backup), world.clock.now(), late)
    await world.a("district", "remove", DISTRICT, "--backup", world.backup)
    await world.a("district", "remove", DISTRICT, "--backup", world.backup, "--yes")
    await start(world.a.stack)
    await world.a("topics", "drop", "--district", DISTRICT, "--yes")
    await _must_be_gone(world, world.a)
    async with open_bus(world.a.stack.bootstrap) as bus:
        other = Office(bus, world.clock, "others")
        await other.report()
        await other.heard(Topic.CASES, "task.assigned")
    await world.a("check")
    return before


async def _must_be_gone(world: World, shell: Shell) -> None:
    client: Any = connect(shell.stack.mongo_url)
    try:
        left = await there(client, DISTRICT)
    finally:
        client.close()
    left += [name for name in await probes.topics(shell.stack.bootstrap) if DISTRICT in name]
    world.must(f"{shell.name} has nothing of it: {left}", hold=not left)


async def _arrive(world: World, before: Before) -> None:
    b = world.b
    world.say("# B, which serves another district, takes it in")
    await b("restore", world.backup, status=1)
    await _give_key(world)
    await b("restore", world.backup)
    await b("restore", world.backup, status=1)
    await b("topics", "apply", "--district", DISTRICT, "--partitions", "4")
    await start(b.stack)
    async with open_bus(b.stack.bootstrap) as bus:
        town = Office(bus, world.clock, "on-b", 500, district=DISTRICT, around=world.town.around)
        await prove(before, b, town, world.must)
        await finish_an_old_case(world, town, before)
    await b("check")


async def finish_an_old_case(world: World, town: Office, before: Before) -> None:
    """Finish on B what was assigned on A."""
    tasks = before.tasks
    case = tasks[-1]["case_id"]
    await finish(town, case, tasks)
    closed = await town.heard(Topic.CASES, "case.closed", case_id=case)
    world.must(f"{case}, assigned on A, is completed, verified and closed on B once", hold=len(closed) == 1)


async def _give_key(world: World) -> None:
    """Refuse it once more for the key it is sealed under, then give that key to B as an operator does."""
    await stop(world.b.stack)
    await world.b("restore", world.backup, status=1)
    of_a, of_b = (Path(shell.stack.env["GW_VAULT_KEYS_FILE"]) for shell in (world.a, world.b))
    with of_b.open("a", encoding="utf-8") as file:
        file.write(of_a.read_text(encoding="utf-8"))
    world.say("   the line of A's key is appended to B's file")


async def _retire(world: World) -> None:
    b, kept = world.b, str(world.plan.state / "kept")
    world.say("# it is retired on B: what is open is withdrawn, the whole is kept, nothing stays")
    async with open_bus(b.stack.bootstrap) as bus:
        town = Office(bus, world.clock, "end", 900, district=DISTRICT, around=world.town.around)
        for case in await open_cases(b.stack):
            await town.command("centre", "case.withdraw", case, reason="并入邻区")

        async def none_open() -> bool:
            return not await open_cases(b.stack)

        await until(none_open, 90, "every case to be withdrawn")
    await until(lambda: _is_read(b), 90, "everything to be read")
    await stop(b.stack)
    await b("backup", kept, "--district", DISTRICT)
    await b("district", "remove", DISTRICT, "--backup", kept, "--yes")
    await start(b.stack)
    await b("topics", "drop", "--district", DISTRICT, "--yes")
    await _must_be_gone(world, b)
    await b("check")


async def _is_read(shell: Shell) -> bool:
    told = await shell("topics", "drop", "--district", DISTRICT)
    return "still wait" not in told

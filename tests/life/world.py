"""Where the life is lived: one cluster after the other, under one time, each with another district beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.backup.belongings import there
from deploy.cli._broker import admin
from deploy.kafka.positions import Positions
from deploy.kafka.rest import waiting
from deploy.local import LocalStack, StackConfig, probes
from deploy.local.component import together
from deploy.local.config import VirtualClock
from deploy.local.keys import ensure_secrets
from shared.contracts.topics import Topic
from shared.infra.clock import ScaledClock
from shared.infra.mongo import connected
from tests.drill.office import EVIDENCE, Event, Office
from tests.drill.run import RATE, START
from tests.life.ground import DISTRICT, middle
from tests.life.shell import Say, Shell
from tests.support.bus import open_bus, until
from tests.support.stack import free_port_base

KEYS = Path("secrets") / "vault.keys"

PATIENCE = 300.0
"""For anything to happen: it is no measurement, and the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything is kept, since when domain time runs, and who hears of it; `wrong` is what does not hold."""

    state: Path
    cache: Path
    origin: datetime
    say: Say
    wrong: list[str]

    @property
    def profile(self) -> Path:
        """The district's folder."""
        return self.state / "profiles" / DISTRICT

    @property
    def backup(self) -> Path:
        """Where it is put aside to move."""
        return self.state / "moving"


@dataclass(frozen=True, slots=True)
class World:
    """One cluster, who types at it, and who lives in the district."""

    plan: Plan
    stack: LocalStack
    shell: Shell
    town: Office

    def say(self, line: str) -> None:
        """Tell what happens."""
        self.plan.say(line)

    def must(self, sentence: str, *, hold: bool) -> None:
        """Tell whether it holds, and note if it does not."""
        self.say(f"   {'yes' if hold else 'NO'}: {sentence}")
        if not hold:
            self.plan.wrong.append(sentence)

    async def stop(self) -> None:
        """End the services."""
        await asyncio.gather(*(component.stop() for _, component in self.stack.replicas() if component.alive))

    async def stop_read_up(self) -> None:
        """End intake first, and the others once they have read what it said."""
        await self.stack.service("intake").stop()
        await until(self._nothing_waits, PATIENCE, "everything to be read")
        await self.stop()

    async def _nothing_waits(self) -> bool:
        async with admin(self.stack.bootstrap) as broker:
            return not await waiting(await Positions.of(broker), DISTRICT)

    async def start(self) -> None:
        """Start them again, with the settings they had."""
        await together(*(component.start() for _, component in self.stack.replicas()))

    async def must_be_gone(self) -> None:
        """Prove that nothing of the district is left."""
        with connected(self.stack.mongo_url) as client:
            left = await there(client, DISTRICT)
        left += [name for name in await probes.topics(self.stack.bootstrap) if DISTRICT in name]
        self.must(f"{self.shell.name} has nothing of it{': ' * bool(left)}{', '.join(left)}", hold=not left)


@asynccontextmanager
async def world(plan: Plan, name: str, other: str, first: int = 0) -> AsyncIterator[World]:
    """Run a cluster with another district; reports of the district's are numbered from `first`."""
    # A key under a name of its own: a stack by itself calls it as every other stack does.
    ensure_secrets(plan.state / name / "secrets", {})
    keys = plan.state / name / KEYS
    keys.write_text(keys.read_text(encoding="utf-8").replace("local-1", f"{name.lower()}-1"), encoding="utf-8")
    clock = ScaledClock(START, plan.origin, RATE)
    async with LocalStack(_config(plan, name, other)) as stack, open_bus(stack.bootstrap) as bus:
        town = Office(
            bus, clock, f"on-{name}", first, district=DISTRICT, around=middle(plan.profile), patience=PATIENCE
        )
        yield World(plan, stack, Shell(name, stack, plan.state, plan.say, plan.wrong), town)


def _config(plan: Plan, name: str, district: str) -> StackConfig:
    return StackConfig(
        state=plan.state / name,
        cache=plan.cache,
        broker="kafka",
        districts=(district,),
        profiles=plan.state / "profiles",
        env={"GW_DISTRICTS": ""},
        partitions=2,
        port_base=free_port_base(),
        mode="demo",
        clock=VirtualClock(start=START, origin=plan.origin, rate=RATE),
    )


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

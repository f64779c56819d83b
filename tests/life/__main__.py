"""`python -m tests.life`: live through it once, on Apache Kafka, and print every command with what it said."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.config import STATE
from shared.infra.clock import wall_clock
from tests.life import ground
from tests.life.on_a import live_on_a
from tests.life.on_b import live_on_b
from tests.life.world import Plan, world


def main(state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "life") -> None:
    """Print as it goes; status 1 when something does not hold, with what."""
    shutil.rmtree(state, ignore_errors=True)
    plan = Plan(state.resolve(), STATE, wall_clock(), _say, [])
    asyncio.run(_live(plan))
    for sentence in plan.wrong:
        _say(f"WRONG: {sentence}")
    _say(f"{len(plan.wrong)} things do not hold." if plan.wrong else "Everything holds.")
    raise typer.Exit(min(len(plan.wrong), 1))


async def _live(plan: Plan) -> None:
    """One cluster after the other, for two at once are many processes."""
    ground.write(plan.state / "profiles")
    async with world(plan, "A", ground.OTHER_OF_A) as a:
        before = await live_on_a(a)
    async with world(plan, "B", ground.OTHER_OF_B, first=500) as b:
        await live_on_b(b, before)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)

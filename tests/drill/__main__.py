"""`python -m tests.drill`: the drill on Apache Kafka, onto an empty broker and onto the one that was not lost."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.config import STATE
from tests.drill.run import Plan, drill


def main(
    seconds: Annotated[float, typer.Option(envvar="SECONDS_OF_LOAD", min=5, help="Before the backup.")] = 60,
    per_second: Annotated[float, typer.Option(envvar="RATE", min=0.1, help="Reports.")] = 20,
    after: Annotated[float, typer.Option(min=0, help="Seconds from the backup to the loss.")] = 10,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "drill",
    only: Annotated[str, typer.Option(help="empty or kept: the broker.")] = "",
) -> None:
    """Run both, print what was seen; status 1 when something does not hold."""
    wrong = 0
    for name, kept in (("empty", False), ("kept", True)):
        if only in {"", name}:
            plan = Plan(state.resolve() / name, STATE, kept, seconds, per_second, after)
            outcome = asyncio.run(drill(plan, _say))
            sys.stdout.write(json.dumps({"broker": name, **outcome.figures, "wrong": outcome.wrong}) + "\n")
            sys.stdout.flush()
            wrong += len(outcome.wrong)
    raise typer.Exit(min(wrong, 1))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    typer.run(main)

"""`python -m tests.life`: live through it once, on Apache Kafka, and print every command with what it said."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.config import STATE
from tests.life.run import Plan, live


def main(state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "life") -> None:
    """Print as it goes; status 1 when something does not hold, with what."""
    wrong = asyncio.run(live(Plan(state.resolve(), STATE), _say))
    for sentence in wrong:
        _say(f"WRONG: {sentence}")
    _say(f"{len(wrong)} things do not hold." if wrong else "Everything holds.")
    raise typer.Exit(min(len(wrong), 1))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)

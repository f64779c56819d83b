"""`python -m tests.bench` (`make bench`): how fast it is, beside a floor and beside the same thing written plainly."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.config import STATE
from deploy.local.errors import StackError
from shared.infra.clock import monotonic
from tests.bench.run import QUICK, Size, run
from tests.bench.table import lines, summary

BEGUN = monotonic()


def bench(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Two minutes, to see that it runs; figures mean little.")
    ] = False,
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "bench",
) -> None:
    """Measure once on Apache Kafka and mongod, print the table and write .local/bench.json."""
    try:
        result = asyncio.run(run(QUICK if quick else Size(), state.resolve(), port_base, _say))
    except (StackError, TimeoutError, RuntimeError) as error:
        _say(str(error))
        raise typer.Exit(1) from None
    path = state.resolve().parent / "bench.json"
    path.write_text(json.dumps(summary(result), indent=2) + "\n", encoding="utf-8")
    for line in lines(result):
        typer.echo(line)


def _say(line: str) -> None:
    sys.stderr.write(f"{monotonic() - BEGUN:5.0f} s  {line}\n")


if __name__ == "__main__":
    typer.run(bench)

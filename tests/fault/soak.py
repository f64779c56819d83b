"""`python -m tests.fault.soak`: reports at a fixed rate for a while; are memory, open files and lag flat?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from tests.fault.harness.endurance import endure
from tests.fault.harness.run import Plan
from tests.fault.harness.trend import WARM_PART, show, trends, write


def soak(
    minutes: Annotated[float, typer.Option(envvar="MINUTES", min=0.5)] = 30,
    rate: Annotated[float, typer.Option(envvar="RATE", min=0.1, help="Reports a second; commands come besides.")] = 20,
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "soak",
) -> None:
    """Run, print a table, write soak.json beside the directory; status 1 when something grows or is left over."""
    plan = Plan(1, max(1, int(minutes * 60 * rate)), minutes, state.resolve(), port_base)
    try:
        endured = until_stopped(endure(plan, _say))
    except (StackError, TimeoutError) as error:
        _say(str(error))
        raise typer.Exit(1) from None
    found = trends(endured.samples, endured.begun, endured.ended)
    write(plan.state.parent / "soak.json", endured, found)
    console = Console(width=110)
    show(endured, found, console)
    console.print(f"The first {WARM_PART:.0%} of the time warms up and is left out of the slopes.")
    if endured.left or not all(one.flat for one in found):
        raise typer.Exit(1)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    typer.run(soak)

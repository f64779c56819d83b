"""`python -m tests.fault`: a load with a known outcome, faults beneath it, and the proof (docs/faults.md)."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from tests.fault.harness.faults import FAULTS
from tests.fault.harness.run import Plan, run
from tests.fault.harness.table import show, write


def fault(
    seed: Annotated[int, typer.Option(envvar="SEED", help="Which faults, where and when.")] = 1,
    reports: Annotated[int, typer.Option(envvar="REPORTS", min=1)] = 20_000,
    minutes: Annotated[float, typer.Option(envvar="MINUTES", min=0.1, help="Over which the reports come.")] = 20,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(FAULTS)}; may be repeated.")] = None,
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "fault",
    *,
    short: Annotated[bool, typer.Option("--short", help="Each fault once, frozen for 7 s.")] = False,
) -> None:
    """Run once, print a table, write fault.json beside the directory; status 1 when anything was lost or doubled."""
    for name in only or ():
        if name not in FAULTS:
            raise typer.BadParameter(f"there is no {name!r}; there are: {', '.join(FAULTS)}", param_hint="--only")
    plan = Plan(seed, reports, minutes, state.resolve(), port_base, tuple(only or ()), short)
    try:
        result = until_stopped(run(plan, _say))
    except (StackError, TimeoutError) as error:
        _say(str(error))
        raise typer.Exit(1) from None
    write(result, plan.state.parent / "fault.json")
    show(result, Console(width=110))
    if result.proof.findings:
        raise typer.Exit(1)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    typer.run(fault)

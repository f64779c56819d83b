"""`python -m tests.scaling` (`make scaling`): a flood in one district, and what it does to another."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from shared.infra.clock import monotonic
from tests.scaling.proof import prove
from tests.scaling.run import Plan, Result, opened, play
from tests.scaling.table import show, summary

BEGUN = monotonic()


def scaling(
    *,
    seconds: Annotated[float, typer.Option(envvar="PHASE", min=5, help="Of each phase.")] = 45,
    trial: Annotated[int, typer.Option(min=100, help="Reports that tell what the pool can take.")] = 3_000,
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "scaling",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run once, print a table, write scaling.json beside the directory; status 1 when anything is lost or doubled."""
    plan = Plan(seconds, trial, state.resolve(), port_base)
    try:
        told = until_stopped(_run(plan))
    except (StackError, TimeoutError) as error:
        _say(str(error))
        raise typer.Exit(1) from None
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    (plan.state.parent / "scaling.json").write_text(text, encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        show(told, Console(width=150))
    if told["wrong"]:
        raise typer.Exit(1)


async def _run(plan: Plan) -> Result:
    async with opened(plan, _say) as scene:
        result = await play(plan, scene)
        await prove(scene, result)
        return summary(scene, result)


def _say(line: str) -> None:
    sys.stderr.write(f"{monotonic() - BEGUN:5.0f} s  {line}\n")


if __name__ == "__main__":
    typer.run(scaling)

"""`gridwhistle real`: a city's real requests through the running pipeline, verdict by verdict."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from deploy.replay.requests import UnreadableRowError
from deploy.replay.result import Result
from deploy.replay.run import Files, Options, run

app = typer.Typer()
console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
INTERRUPTED = 130
NOTHING = "There is no real data here: nothing was run. Set GW_REAL_DATA or GW_BOSTON_FILE."


@app.command()
def real(
    file: Annotated[Path | None, typer.Option(help="A 311 file of the form of Boston's; else GW_BOSTON_FILE.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows of each file.")] = None,
    broker: Annotated[Literal["kafka", "tansu"], typer.Option(help="tansu needs no Java.")] = "kafka",
    port_base: Annotated[int | None, typer.Option(min=1024, max=65400, help="All ports from here on.")] = None,
    state: Annotated[Path, typer.Option(help="Where data and logs are.", metavar="DIR")] = STATE / "real",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay Boston's 311 requests and the Chinese messages in GW_REAL_DATA; exit status 1 when a verdict differs."""
    try:
        files = Files.find(file)
        if files.city is None and files.messages is None:
            _skip(as_json=as_json)
            return
        options = Options(state.resolve(), broker, port_base, limit)
        result = until_stopped(run(files, options, lambda line: console.print(line, style="dim")))
    except (StackError, UnreadableRowError, FileNotFoundError) as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("ended before it was done")
        raise typer.Exit(INTERRUPTED) from None
    _show(result, as_json=as_json)
    if not result.fine:
        raise typer.Exit(1)


def _skip(*, as_json: bool) -> None:
    console.print(NOTHING)
    if as_json:
        typer.echo(json.dumps({"skipped": NOTHING}))


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    for line in result.lines():
        typer.echo(line)

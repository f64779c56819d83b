"""`gridwhistle year`: a seeded year of 崆峒区 through the running pipeline, its figures beside those of the plan."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli._console import PROBLEM, print_json
from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from deploy.year.play import Options
from deploy.year.play import year as play_year
from deploy.year.result import SHOWN, Result, Row

app = typer.Typer()
console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
INTERRUPTED = 130


@app.command()
def year(
    seed: Annotated[int, typer.Option(help="Another seed is another year.")] = 1,
    scale: Annotated[float, typer.Option(min=0.001, max=1, help="Of events, disputes and grids; 1: as they are.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=365, help="From 1 January on.")] = 365,
    step: Annotated[float, typer.Option(min=1, max=360, help="Virtual minutes that time jumps at least.")] = 30,
    broker: Annotated[Literal["kafka", "tansu"], typer.Option(help="tansu needs no Java.")] = "kafka",
    port_base: Annotated[int | None, typer.Option(min=1024, max=65400, help="All ports from here on.")] = None,
    state: Annotated[Path, typer.Option(help="Where data and logs are.", metavar="DIR")] = STATE / "year",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay a year of 崆峒区; exit status 1 when a figure is not what the plan says, or anything is lost."""
    options = Options(seed, scale, days, step, broker, port_base, state.resolve())
    try:
        result = until_stopped(play_year(options, lambda line: console.print(line, style="dim")))
    except StackError as error:
        console.print(str(error), style="red")
        raise typer.Exit(PROBLEM) from None
    except KeyboardInterrupt:
        console.print("ended before the year was over")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(result.as_json())
    else:
        _show(result)
    if not result.fine:
        raise typer.Exit(PROBLEM)


def _show(result: Result) -> None:
    out = Console(width=120, highlight=False, markup=False)
    out.print(_figures(result))
    out.print(_counts(result))
    for one in result.differences[:SHOWN]:
        who, spent = "plan" if one.planned else "ours", "" if one.milliseconds is None else f" {one.milliseconds} ms"
        out.print(f"DIFFERENCE {one.figure}: only {who}: {one.case} {one.part}{spent} x{one.count}")
    for kind, lines in (
        ("REFUSED", result.refused),
        ("UNANSWERED", result.unanswered),
        ("IMBALANCE", result.conservation),
    ):
        for line in lines[:SHOWN]:
            out.print(f"{kind} {line}")
    out.print(
        f"{len(result.differences):,} differences, {len(result.refused):,} refused, {len(result.unanswered):,} "
        f"unanswered, {len(result.conservation):,} unaccounted for"
    )
    out.print(
        f"{result.days} days at scale {result.scale:g} on {result.broker}, seed {result.seed}: {result.reports:,} "
        f"reports, {result.commands:,} commands, {result.events_heard:,} events heard, {result.steps:,} steps of time; "
        f"{result.play_seconds:,.0f} s of play, {result.wall_seconds:,.0f} s in all"
    )


def _figures(result: Result) -> Table:
    table = Table(title="崆峒区 published, planned, ours", title_justify="left")
    for column in ("figure", "published", "plan", "ours", ""):
        table.add_column(column)
    for row in result.rows:
        same = "same" if row.planned == row.ours else "DIFFERENT"
        table.add_row(row.name, row.published, _told(row, row.planned), _told(row, row.ours), same)
    return table


def _told(row: Row, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if "hours" in row.name else f"{value:.2%}"


def _counts(result: Result) -> Table:
    table = Table(title="What is behind them: plan / ours", title_justify="left")
    table.add_column("figure")
    table.add_column("parts")
    for name, parts in result.counts.items():
        table.add_row(name, ", ".join(f"{part} {one:,} / {other:,}" for part, (one, other) in parts.items()))
    return table

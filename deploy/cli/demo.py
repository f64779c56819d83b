"""`gridwhistle demo`: one day of a district at high speed, with the figures a director reads at the end."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from deploy.demo import books, tables
from deploy.demo.live import Plain, Rich, View
from deploy.demo.play import DAY, Options, Played, play
from deploy.local.config import STATE
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped

app = typer.Typer()
INTERRUPTED = 130
WIDE = 160
TITLE = "网格哨 GridWhistle：平凉市崆峒区的一天"


@app.command()
def demo(
    reports: Annotated[int, typer.Option(min=1, help="Ordinary reports; flaws and stories come on top.")] = 1_900,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 1,
    rate: Annotated[float, typer.Option(min=1, help="Virtual seconds of a real second.")] = 760.0,
    broker: Annotated[Literal["tansu", "kafka"], typer.Option(help="kafka needs Java 17 and Maven.")] = "tansu",
    port_base: Annotated[int | None, typer.Option(min=1024, max=65400, help="All ports from here on.")] = None,
    state: Annotated[Path, typer.Option(help="Where data and logs are.", metavar="DIR")] = STATE / "demo",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Play one day of 崆峒区; exit status 1 when the figures do not add up. Writes .local/demo.json."""
    console = Console(stderr=as_json) if sys.stdout.isatty() else Console(stderr=as_json, width=WIDE)
    options = Options(reports, seed, rate, broker, port_base, state.resolve())
    try:
        played = until_stopped(play(options, _view(console), lambda line: _say(console, line)))
    except StackError as error:
        Console(stderr=True).print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _say(console, "ended before the day was over")
        raise typer.Exit(INTERRUPTED) from None
    played.result.write(options.state.parent / "demo.json")
    _show(console, played, as_json=as_json)
    if not played.result.conservation_ok:
        raise typer.Exit(1)


def _view(console: Console) -> View:
    if console.is_terminal:
        return Rich(console, DAY, TITLE)
    return Plain(lambda line: _say(console, line))


def _say(console: Console, line: str) -> None:
    console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def _show(console: Console, played: Played, *, as_json: bool) -> None:
    if as_json:
        typer.echo(played.result.model_dump_json(indent=2))
        return
    tally, result = played.tally, played.result
    for table in (
        tables.overview(tally, result.reports_submitted, result.reports_duplicate),
        tables.partners(tally),
        tables.departments(played.world, tally),
        tables.whistles(played.world, tally),
        tables.notices(tally),
        tables.letters(tally),
        books.table(played.figures),
    ):
        console.print(table)
        console.print()
    _prove(console, played)


def _prove(console: Console, played: Played) -> None:
    result = played.result
    for problem in result.conservation_problems:
        console.print(f"不平衡 IMBALANCE: {problem}", style="bold red", highlight=False)
    if result.conservation_ok:
        console.print(
            f"守恒 Conservation holds, each record followed to its case: {result.reports_submitted:,} submitted = "
            f"{result.reports_accepted:,} accepted + {result.reports_duplicate:,} duplicate + "
            f"{result.reports_rejected:,} rejected; {result.reports_accepted:,} accepted = "
            f"{result.reports_merged:,} merged + {result.cases_open:,} open + {result.cases_closed:,} closed + "
            f"{result.cases_withdrawn:,} withdrawn",
            style="bold green",
            highlight=False,
        )
    console.print(f"{result.wall_seconds:.0f} s in all; figures in .local/demo.json", style="dim", highlight=False)

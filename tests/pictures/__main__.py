"""`python -m tests.pictures` (`make dashboards`): the dashboards written anew, and a picture of a day on each."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.demo.play import DAY, Options
from deploy.grafana.__main__ import main as write_dashboards
from deploy.local.config import STATE, Ports
from deploy.local.errors import StackError
from deploy.partner.stage import until_stopped
from tests.pictures import fonts, past
from tests.pictures.drawing import Answers, Span, picture
from tests.pictures.watching import STEP_SECONDS, watch
from tests.support.boards import boards, filled
from tests.support.prometheus import Prometheus, Series, is_here, running
from tests.support.promql import ROOT

FOLDER = ROOT / "docs" / "dashboards"
INTERVAL = f"{4 * STEP_SECONDS}s"
"""What Grafana takes for `$__rate_interval`: four times as long as between two looks."""

END = DAY + timedelta(hours=24)


def pictures(
    *,
    rate: Annotated[float, typer.Option(help="Virtual seconds of a real second; 240 is a day in six minutes.")] = 240,
    reports: Annotated[int, typer.Option(help="Ordinary reports of the day.")] = 1_900,
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "dashboards",
    again: Annotated[bool, typer.Option("--again", help="Draw the day that was played last time.")] = False,
) -> None:
    """Play a day, watch it, draw every dashboard into docs/dashboards/."""
    write_dashboards()
    if not is_here():
        typer.echo("no prometheus on PATH, so no pictures are drawn (Debian: apt-get install prometheus)")
        return
    folder, port = state.resolve() / "prometheus", Ports.at(port_base).prometheus
    folder.mkdir(parents=True, exist_ok=True)
    if not again:
        history = folder / "history"
        shutil.rmtree(history, ignore_errors=True)
        history.mkdir()
        _play(Options(reports=reports, rate=rate, port_base=port_base, state=state.resolve() / "demo"), history)
        past.take_in(folder, history)
    past.build(folder, DAY.timestamp(), END.timestamp(), port)
    _draw(folder, port)


def _play(options: Options, history: Path) -> None:
    try:
        until_stopped(watch(options, history, typer.echo))
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _draw(folder: Path, port: int) -> None:
    if not fonts.chinese():
        typer.echo(fonts.HOW_TO_INSTALL)
    FOLDER.mkdir(exist_ok=True)
    with running(folder, port, {}) as prometheus:
        for name, board in boards().items():
            file = FOLDER / f"{name}.png"
            picture(board, _asking(prometheus, board), Span(DAY.timestamp()), file)
            typer.echo(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KiB")


def _asking(prometheus: Prometheus, board: dict[str, Any]) -> Callable[[dict[str, Any]], Answers]:
    """Return how to put a panel's questions: over the whole day, or as things stood at its end."""

    def answers(panel: dict[str, Any]) -> Answers:
        return [(ask, [_clean(one) for one in put(ask)]) for ask in panel["targets"]]

    def put(ask: dict[str, Any]) -> list[Series]:
        expr = filled(ask["expr"], board, INTERVAL)
        if ask["range"]:
            return prometheus.went(expr, DAY.timestamp(), END.timestamp(), STEP_SECONDS)
        return prometheus.now(expr, END.timestamp())

    return answers


def _clean(series: Series) -> Series:
    """Return a series without what no line can show, as Grafana leaves it out."""
    labels, values = series
    return labels, [(at, value) for at, value in values if math.isfinite(value)] or values[-1:]


if __name__ == "__main__":
    typer.run(pictures)

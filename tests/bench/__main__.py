"""`python -m tests.bench`: reports per second through all four services beside a bare relay of the same records."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.local.config import STATE
from deploy.local.errors import StackError
from tests.bench.pipeline import Measured, measure


def bench(
    reports: Annotated[int, typer.Option(min=10)] = 20_000,
    broker: Annotated[Literal["kafka", "tansu"], typer.Option(envvar="BROKER")] = "kafka",
    port_base: Annotated[int | None, typer.Option(envvar="PORT_BASE")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR")] = STATE / "bench",
) -> None:
    """Measure once and write .local/bench.json."""
    try:
        measured = asyncio.run(measure(reports, broker, port_base, state.resolve(), _say))
    except (StackError, TimeoutError) as error:
        _say(str(error))
        raise typer.Exit(1) from None
    _write(state.resolve().parent / "bench.json", measured, broker)
    for line in _lines(measured):
        typer.echo(line)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _write(path: Path, measured: Measured, broker: str) -> None:
    content = {
        "reports_per_second": round(measured.reports_per_second, 1),
        "relay_records_per_second": round(measured.relay_records_per_second, 1),
        "ratio": round(measured.reports_per_second / measured.relay_records_per_second, 4),
        "reports": measured.reports,
        "seconds": round(measured.seconds, 2),
        "notices_handed_over": measured.handed,
        "cpu_seconds": measured.cpu,
        "broker": broker,
        "cores": os.cpu_count(),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _lines(measured: Measured) -> list[str]:
    ratio = measured.reports_per_second / measured.relay_records_per_second
    lines = [
        f"reports                        {measured.reports:,} ({measured.taken:,} taken in)",
        f"notices handed over            {measured.handed:,}",
        f"seconds                        {measured.seconds:.1f}",
        f"reports per second             {measured.reports_per_second:,.0f}",
        f"bare relay, records per second {measured.relay_records_per_second:,.0f}",
        f"ratio                          {ratio:.4f}",
    ]
    return [*lines, *(f"cpu seconds {name:<18} {seconds:.1f}" for name, seconds in measured.cpu.items())]


if __name__ == "__main__":
    typer.run(bench)

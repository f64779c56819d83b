"""How commands speak: tables for people, JSON for programs, one sentence for what is wrong."""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine, Iterable, Sequence
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Column, Table

T = TypeVar("T")

PROBLEM = 1
WIDE = 200

Bootstrap = Annotated[
    str, typer.Option(envvar="GW_KAFKA_BOOTSTRAP", help="Broker addresses, host:port, comma-separated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BOOTSTRAP = "127.0.0.1:9092"


def console() -> Console:
    """Return standard output; what is piped is not folded at 80 columns."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def print_json(value: Any) -> None:
    """Print a value as JSON, Chinese as it is."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_line(value: Any) -> None:
    """Print a value as one line of JSON, at once: somebody may be following."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_table(
    columns: Sequence[str | Column], rows: Iterable[Sequence[str]], title: str | None = None, *, ruled: bool = False
) -> None:
    """Print a table; `ruled` draws a line between rows, for cells of several lines.

    A word wider than its column goes on in the next line: names are what one types next, none is cut.
    """
    whole = [Column(one, overflow="fold") if isinstance(one, str) else one for one in columns]
    table = Table(*whole, title=title, title_justify="left", show_lines=ruled)
    for row in rows:
        table.add_row(*row)
    console().print(table, markup=False)


def say(message: str) -> None:
    """Tell the person something that is not the result."""
    sys.stderr.write(message + "\n")


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with exit status 1."""
    say(message)
    raise typer.Exit(PROBLEM)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part; the libraries' own complaints are left to our one sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return asyncio.run(work)

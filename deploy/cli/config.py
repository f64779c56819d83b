"""`gridwhistle config`: every setting there is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Annotated

import typer

from deploy.cli._console import print_json
from deploy.configuration import Section, Setting, of_the_command_line, sections

app = typer.Typer(name="config", help="The settings of services and command line.", no_args_is_help=True)

HEAD = """\
# Settings

Everything is set by environment variables. This page is written by `gridwhistle config reference` from the classes that
read them, and a test compares it: change a description there, then `make docs`.

A variable that a process does not know is passed over, for one environment may serve several. A value that is wrong
ends the process at once with status 2 and a sentence for each mistake. 🔒 marks a secret, or the file that holds one:
such files belong to the service alone, and where a file can be named a password is never given by value. An empty
default means: not set.
"""
TAIL = """\
OpenTelemetry's exporter reads its own variables where `GW_TRACES_URL` is set, e.g. `OTEL_EXPORTER_OTLP_HEADERS` 🔒 and
`OTEL_EXPORTER_OTLP_CERTIFICATE` for a collector that asks who one is ([following one report](following.md)).
"""


@app.callback()
def config() -> None:
    """The settings of services and command line."""


@app.command()
def reference(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of Markdown.")] = False,
) -> None:
    """Print every setting with its form, default and meaning, as docs/configuration.md has it."""
    from deploy.cli.main import app as whole  # noqa: PLC0415 - which has found this module

    own = Section("Command line", "the command line", of_the_command_line(typer.main.get_command(whole)))
    every = [*sections(), own]
    if as_json:
        print_json([dataclasses.asdict(section) for section in every])
    else:
        typer.echo(page(every), nl=False)


def page(every: Iterable[Section]) -> str:
    """Return the page."""
    tables = [f"## {section.title}\n\nRead by {section.readers}.\n\n{_table(section.settings)}" for section in every]
    return "\n".join([HEAD, *tables, TAIL])


def _table(settings: Iterable[Setting]) -> str:
    rows = [
        f"| `{one.name}`{' 🔒' if one.secret else ''} | {one.takes} | {one.default} | {one.description} |"
        for one in settings
    ]
    return "\n".join(["| variable | takes | default | what for |", "|---|---|---|---|", *rows, ""])

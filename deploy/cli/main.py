"""The `gridwhistle` command: collects what it finds beside this file and knows no command itself.

A module here that has an `app: typer.Typer` is a part of the command line. With `typer.Typer(name="topics", ...)` its
commands stand under `gridwhistle topics`; without a name they stand at the top. A module named `_…` is a helper.
"""

import importlib
import pkgutil
from collections.abc import Iterator

import typer

import deploy.cli


def parts() -> Iterator[typer.Typer]:
    """Yield the typer application of every module beside this one, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(deploy.cli.__path__), key=lambda module: module.name):
        if found.name.startswith("_") or found.name == "main":
            continue
        part = getattr(importlib.import_module(f"deploy.cli.{found.name}"), "app", None)
        if isinstance(part, typer.Typer):
            yield part


def build() -> typer.Typer:
    """Return the whole command line."""
    whole = typer.Typer(
        name="gridwhistle",
        help="网格哨 GridWhistle: reports in, tasks with limits out, and a whistle when nobody comes.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    for part in parts():
        name = part.info.name
        whole.add_typer(part, name=name if isinstance(name, str) else None)
    return whole


app = build()

if __name__ == "__main__":
    app()

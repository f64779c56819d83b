"""The `gridwhistle` command: collects what it finds beside this file and knows no command itself.

A module here that has an `app: typer.Typer` is a part of the command line. With `typer.Typer(name="topics", ...)` its
commands stand under `gridwhistle topics`; without a name they stand at the top. A module named `_…` is a helper.
"""

import importlib
import os
import pkgutil
import traceback
from collections.abc import Iterator
from typing import Any

import typer

import deploy.cli
from deploy.cli._console import PROBLEM, say

SHOW_CALLS = "GW_TRACEBACK"


def parts() -> Iterator[typer.Typer]:
    """Yield the typer application of every module beside this one, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(deploy.cli.__path__), key=lambda module: module.name):
        if found.name.startswith("_") or found.name == "main":
            continue
        part = getattr(importlib.import_module(f"deploy.cli.{found.name}"), "app", None)
        if isinstance(part, typer.Typer):
            yield part


class CommandLine(typer.Typer):
    """Ends with a sentence also where nobody foresaw what went wrong."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command of sys.argv."""
        try:
            return super().__call__(*args, **kwargs)
        except BrokenPipeError:
            os._exit(PROBLEM)  # Whoever read our output has gone; flushing it at exit would complain again.
        except Exception as error:  # noqa: BLE001 - the last resort
            if os.environ.get(SHOW_CALLS):
                traceback.print_exc()
            say(f"This is a defect of gridwhistle: {type(error).__name__}: {error}\nWhere: {SHOW_CALLS}=1 and again.")
            raise SystemExit(PROBLEM) from None


def build() -> typer.Typer:
    """Return the whole command line."""
    whole = CommandLine(
        name="gridwhistle",
        help="网格哨 GridWhistle: reports in, tasks with limits out, and a whistle when nobody comes.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for part in parts():
        name = part.info.name
        whole.add_typer(part, name=name if isinstance(name, str) else None)
    return whole


app = build()

if __name__ == "__main__":
    app()

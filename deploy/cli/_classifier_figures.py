"""The figures of a classifier as tables for people."""

from collections.abc import Mapping
from typing import Any

import typer
from rich.table import Column

from deploy.cli._console import print_table

_MOST = 25
"""Categories of which a confusion matrix still fits on a screen; --json has every one."""


def print_figures(figures: Mapping[str, Any]) -> None:
    """Print everything `classifier evaluate` measured."""
    time = figures["milliseconds"]
    typer.echo(
        f"{figures['rows']} texts, {figures['method']}: accuracy {figures['accuracy']:.4f}, macro F1 "
        f"{figures['macro_f1']:.4f}, accuracy at 90 % coverage {figures['accuracy_at_90']:.4f}"
    )
    covered = figures["accuracy_covered"]
    typer.echo(
        f"At threshold {figures['threshold']}: coverage {figures['coverage']:.4f}, accuracy of what is covered "
        f"{'-' if covered is None else f'{covered:.4f}'}. Processor time a text: "
        f"{time['mean']:.2f} ms on average, {time['p99']:.2f} ms at most in 99 of 100"
    )
    _classes(figures)
    _curve(figures)
    _confusion(figures["confusion"])


def _classes(figures: Mapping[str, Any]) -> None:
    numbers = [Column(name, justify="right") for name in ("precision", "recall", "F1", "texts")]
    rows = [
        (one["label"], *(f"{one[name]:.3f}" for name in ("precision", "recall", "f1")), str(one["support"]))
        for one in figures["classes"]
    ]
    print_table(("category", *numbers), rows)


def _curve(figures: Mapping[str, Any]) -> None:
    names = ("surest share", "accuracy", "confidence from")
    rows = [(f"{one['coverage']:.0%}", f"{one['accuracy']:.4f}", f"{one['threshold']:.3f}") for one in figures["curve"]]
    print_table([Column(name, justify="right") for name in names], rows)


def _confusion(table: Mapping[str, Any]) -> None:
    if len(table["truth"]) > _MOST:
        typer.echo("The confusion matrix is too wide for a screen: --json has it.")
        return
    columns = [Column(label, justify="right") for label in table["guessed"]]
    rows = [
        (label, *(str(number or "·") for number in row))
        for label, row in zip(table["truth"], table["rows"], strict=True)
    ]
    print_table(("true \\ guessed", *columns), rows)

"""How figures look to people: one table of all of them, or one line a group; definitions; what is behind one."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Column

from deploy.cli._console import print_table, say
from deploy.figures.answer import Question, answer
from deploy.figures.book import Book
from deploy.figures.catalogue import FIGURES
from deploy.figures.items import Figure, Item, Kind
from deploy.figures.sums import Sum

NONE = "—"
HOUR = 3600.0
MINUTE = 60.0
SHOWN = 200


def in_words(kind: Kind, found: Sum) -> str:
    """Return a sum as it reads: the rate and the numbers it is made of."""
    if kind is Kind.COUNT:
        parts = ", ".join(f"{number:,} {part}" for part, number in found.parts.items())
        return f"{found.of:,} ({parts})" if parts else "0"
    if kind is Kind.RATIO:
        return NONE if found.rate is None else f"{found.rate:.2%}  {found.n:,} of {found.of:,}"
    if found.mean is None or found.median is None or found.p90 is None:
        return NONE
    named = zip(("mean", "median", "p90"), (found.mean, found.median, found.p90), strict=True)
    return ", ".join(f"{name} {_time(value)}" for name, value in named) + f"  of {found.of:,}"


def _time(seconds: float) -> str:
    if seconds >= HOUR:
        return f"{seconds / HOUR:.2f} h"
    return f"{seconds / MINUTE:.1f} min" if seconds >= MINUTE else f"{seconds:.1f} s"


def print_figures(book: Book, question: Question) -> None:
    """Print every figure; divided, under each of its groups."""
    found = answer(book, question)
    title = f"{question.district} as of {_local(question.as_of, question)}"
    if question.by is None:
        rows = [(one.name, one.chinese, in_words(one.kind, found[one.name][""])) for one in FIGURES]
        print_table((Column("figure", no_wrap=True), Column("指标", no_wrap=True), "value"), rows, title)
        return
    grouped = [
        (key or NONE, one.name, one.chinese, in_words(one.kind, found[one.name][key]))
        for key in sorted({key for sums in found.values() for key in sums})
        for one in FIGURES
        if key in found[one.name]
    ]
    print_table((question.by.value, Column("figure", no_wrap=True), "指标", "value"), grouped, title)


def print_definitions() -> None:
    """Print what each figure says exactly."""
    rows = [(one.name, one.chinese, one.definition) for one in FIGURES]
    print_table((Column("figure", no_wrap=True), "指标", "definition"), rows, ruled=True)


def print_items(figure: Figure, items: Sequence[Item], question: Question) -> None:
    """Print what is behind a figure."""
    title = f"{figure.name} {figure.chinese}, {question.district} as of {_local(question.as_of, question)}"
    columns = ("case", "counts", "what", "time", "at", "department", "township", "grid", "category", "source")
    rows = [_row(one, question) for one in items[:SHOWN]]
    print_table((Column(columns[0], no_wrap=True), *columns[1:]), rows, title)
    if len(items) > SHOWN:
        say(f"The first {SHOWN} of {len(items):,} are shown; --json has them all.")


def _row(item: Item, question: Question) -> tuple[str, ...]:
    took = NONE if item.milliseconds is None else _time(item.milliseconds / 1000)
    places = (item.department, item.township, item.grid, item.category, item.source)
    counts = "yes" if item.counts else "no"
    return (item.case, counts, item.part, took, _local(item.at, question), *(one or NONE for one in places))


def _local(instant: datetime, question: Question) -> str:
    return instant.astimezone(question.zone).isoformat(timespec="seconds")

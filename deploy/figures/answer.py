"""The answer to one question about a district: every figure, whole or by groups, and what is behind each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.book import Book
from deploy.figures.catalogue import FIGURES
from deploy.figures.items import By, Figure, Item
from deploy.figures.sums import Sum, grouped, total
from shared.contracts.base import format_instant


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `zone` is the district's, for its days."""

    district: str
    as_of: datetime
    zone: ZoneInfo
    by: By | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "district": self.district,
            "as_of": format_instant(self.as_of),
            "zone": self.zone.key,
            "by": None if self.by is None else self.by.value,
        }


def sums_of(figure: Figure, book: Book, question: Question) -> dict[str, Sum]:
    """Return a figure's sums by group; undivided, the one group has no name."""
    items = figure.items(book)
    return {"": total(items)} if question.by is None else grouped(items, question.by, question.zone)


def answer(book: Book, question: Question) -> dict[str, dict[str, Sum]]:
    """Return every figure's sums by group."""
    return {figure.name: sums_of(figure, book, question) for figure in FIGURES}


def whole_as_json(book: Book, question: Question, since: datetime | None) -> dict[str, Any]:
    """Return the answer for programs; the same question has the same answer for ever, byte for byte."""
    found = answer(book, question)
    figures = {}
    for figure in FIGURES:
        sums = {key: one.as_json(figure.kind) for key, one in found[figure.name].items()}
        figures[figure.name] = sums[""] if question.by is None else sums
    begun = None if since is None or since > question.as_of else format_instant(since)
    left_out = sum(case.older for case in book.cases.values())
    return {**question.as_json(), "recorded_since": begun, "without_beginning": left_out, "figures": figures}


def behind(figure: Figure, book: Book) -> list[Item]:
    """Return the items of a figure, by case and time."""
    return sorted(figure.items(book), key=lambda one: (one.case, one.at, one.part, one.department))


def item_as_json(item: Item, zone: ZoneInfo) -> dict[str, Any]:
    """Return an item for programs."""
    told: dict[str, Any] = {"case_id": item.case, "part": item.part, "counts": item.counts}
    if item.milliseconds is not None:
        told["seconds"] = item.milliseconds / 1000
    names = ("department", "township", "grid", "category", "source")
    day = item.at.astimezone(zone).date().isoformat()
    return {**told, "at": format_instant(item.at), "day": day, **{name: getattr(item, name) for name in names}}

"""Figures of grid workers' recurring work (巡查, 走访, 值守): what was owed and is over, by whether it was done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from deploy.figures.book import Book
from deploy.figures.items import Figure, Item, Kind
from shared.ledger.rows import Entry

Round = tuple[str, str, str]
"""Obligation, when its window began, grid."""


def rounds(kind: str, book: Book) -> Iterator[Item]:
    """Yield every round of a grid that was done or missed."""
    done: dict[Round, Item] = {}
    missed: dict[Round, Item] = {}
    for case, entry in book.entries("work.recorded", "work.missed"):
        if entry.values.get("kind") != kind:
            continue
        if entry.type == "work.missed":
            for grid in _places(entry):
                missed[_round(entry, grid)] = _item(case.id, entry, grid, "missed")
        elif entry.values["number"] >= entry.values["needed"]:
            grid = str(entry.values["grid"])
            done[_round(entry, grid)] = _item(case.id, entry, grid, "done")
    # What was recorded after the round was called missed says when it happened: it was in time.
    yield from ({**missed, **done}).values()


def _places(entry: Entry) -> list[str]:
    return [str(one["grid"]) for one in entry.values.get("places", ())]


def _round(entry: Entry, grid: str) -> Round:
    return str(entry.values["obligation"]), str(entry.values["starts_at"]), grid


def _item(case: str, entry: Entry, grid: str, part: str) -> Item:
    township = str(entry.values.get("township", ""))
    return Item(case, part, entry.occurred_at, counts=part == "done", township=township, grid=grid, source="grid")


def _figure(name: str, chinese: str, kind: str, what: str) -> Figure:
    definition = (
        f"{what} done in full within their round, of those done and those missed, a grid at a time; who was on leave "
        "owes nothing, and a round that is not over counts once it is done. By the day, under the township's work book."
    )
    return Figure(name, chinese, Kind.RATIO, definition, partial(rounds, kind))


FIGURES = (
    _figure("patrols", "巡查完成率", "patrol", "Patrols"),
    _figure("visits", "走访完成率", "visit", "Visits"),
    _figure("duties", "值守完成率", "duty", "Duties"),
)

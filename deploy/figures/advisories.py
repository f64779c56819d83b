"""Figures of advisories (司法建议, 检察建议, 公安提示函): issued, answered, and whether the reports stopped."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.figures.book import Book
from deploy.figures.items import Figure, Item, Kind
from shared.ledger.rows import Entry

STEPS = ("proposed", "declined", "issued", "replied", "measured")
WORKED = frozenset({"stopped", "fell"})
_TOWNSHIP, _GRID = 9, 15
"""Digits of a code."""

Advisory = dict[str, Entry]
"""What was said of one advisory, by step."""


def _advisories(book: Book) -> Iterator[tuple[str, Advisory]]:
    """Yield each advisory with the number of its file; the episode counts those of a file."""
    found: dict[tuple[str, int], Advisory] = {}
    for step in STEPS:
        for case, entry in book.entries(f"advisory.{step}"):
            found.setdefault((case.id, entry.values.get("episode", 1)), {})[step] = entry
    yield from ((file, advisory) for (file, _), advisory in found.items())


def _item(file: str, part: str, counts: bool, entry: Entry) -> Item:  # noqa: FBT001 - what an item has
    told = {name: str(entry.values.get(name, "")) for name in ("addressee", "category", "area")}
    area = told["area"]
    return Item(
        file,
        part,
        entry.occurred_at,
        counts=counts,
        department=told["addressee"],
        township=area[:_TOWNSHIP],
        grid=area if len(area) == _GRID else "",
        category=told["category"],
        source=str(entry.values.get("kind", "")),
    )


def issued(book: Book) -> Iterator[Item]:
    """Advisories that were proposed, by whether a human issued them."""
    for file, said in _advisories(book):
        part = next(step for step in ("issued", "declined", "proposed") if step in said or step == "proposed")
        yield _item(file, part, part == "issued", said.get("proposed", next(iter(said.values()))))


def replied(book: Book) -> Iterator[Item]:
    """Advisories that were issued, by whether the addressee answered."""
    for file, said in _advisories(book):
        if "issued" in said:
            part = "waiting"
            if "replied" in said:
                part = "adopted" if said["replied"].values.get("adopted") else "not_adopted"
            yield _item(file, part, "replied" in said, said["issued"])


def effect(book: Book) -> Iterator[Item]:
    """Advisories whose effect has been measured, by what it was."""
    for file, said in _advisories(book):
        if "measured" in said:
            part = str(said["measured"].values["effect"])
            yield _item(file, part, part in WORKED, said["measured"])


FIGURES = (
    Figure(
        "advisories_issued", "建议函发出率", Kind.RATIO,
        "Advisories that a human issued, of those proposed; declined ones (lapsed included) and those that wait are "
        "the rest. The department is the addressee, the source the kind of advisory.",
        issued,
    ),
    Figure(
        "advisories_replied", "建议函回复率", Kind.RATIO,
        "Advisories that were answered, of those issued; answered is not adopted, which the parts say.",
        replied,
    ),
    Figure(
        "advisory_effect", "建议函成效", Kind.RATIO,
        "Advisories after which reports of the same source stopped or fell, of those whose effect has been measured "
        "one window after they were issued.",
        effect,
    ),
)  # fmt: skip

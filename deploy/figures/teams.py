"""Figures of the whistle (吹哨报到): who came when called, and how fast."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.figures.book import Book
from deploy.figures.items import Figure, Item, Kind
from shared.ledger.rows import Entry

Seat = tuple[str, str]
"""Team and department."""


def attendance(book: Book) -> Iterator[Item]:
    """Departments whose time to be on site has come, by whether they were there by then."""
    for case in book.having("team.checked-in", "team.absent"):
        seats: dict[Seat, list[Entry]] = {}
        for entry in case.of("team.checked-in", "team.absent"):
            seats.setdefault((str(entry.values["team_id"]), str(entry.values["department"])), []).append(entry)
        for (_, department), entries in seats.items():
            part, first = _came(entries), min(one.occurred_at for one in entries)
            yield case.item(part, first, counts=part == "on_time", department=department)


def _came(entries: list[Entry]) -> str:
    """Return how a seat was taken: a check-in that arrives after the absence was noted says when it was."""
    ins = [one for one in entries if one.type == "team.checked-in"]
    if not ins:
        return "absent"
    return "on_time" if any(one.values.get("on_time") for one in ins) else "late"


def muster(book: Book) -> Iterator[Item]:
    """Check-ins, each with how long after the whistle."""
    for case, entry in book.entries("team.checked-in"):
        took = round(1000 * entry.values["muster_seconds"])
        yield case.item("checked_in", entry.occurred_at, milliseconds=took, department=str(entry.values["department"]))


def quorum(book: Book) -> Iterator[Item]:
    """Teams that were complete enough, each with how long that took."""
    for case, entry in book.entries("team.on-scene"):
        took = round(1000 * entry.values["muster_seconds"])
        yield case.item("on_scene", entry.occurred_at, milliseconds=took)


FIGURES = (
    Figure(
        "muster_attendance", "报到率", Kind.RATIO,
        "Departments called by a whistle that were on site by the muster time, of those that checked in or were found "
        "absent. A late check-in that happened in time counts as in time.",
        attendance,
    ),
    Figure(
        "muster_time", "报到用时", Kind.SPAN,
        "From the whistle to each department's check-in on site, late ones included.",
        muster,
    ),
    Figure(
        "quorum_time", "集结用时", Kind.SPAN,
        "From the first whistle to the quorum on site, of teams that reached it; the department is the case's lead.",
        quorum,
    ),
)  # fmt: skip

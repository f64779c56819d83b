"""Lines of a worker's record: one for each thing done, missed, learnt or earned, taken from the ledger. Pure.

What was told as missed counts unless it was made good, or a leave that is known by now covers the whole round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.book import Book, CaseBook
from shared.contracts.actors import PartnerKind
from shared.district.lookup import DirectoryIndex
from shared.ledger.rows import Entry

DONE = ("patrol", "visit", "duty")
_MILLISECOND = timedelta(milliseconds=1)

IndexOf = Callable[[int], DirectoryIndex]
"""A version of the district's profile."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in the record of one worker. `count` is how often, `points` what it is worth."""

    worker: str
    township: str
    what: str
    at: datetime
    grid: str = ""
    count: int = 1
    points: int = 0
    obligation: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def lines(book: Book, zone: ZoneInfo, index_of: IndexOf) -> Iterator[Line]:
    """Yield everything that the ledger says of workers."""
    yield from _done(book)
    yield from _missed(book, zone)
    yield from _told(book)
    for case in book.cases.values():
        yield from _of_case(case, index_of)


def _done(book: Book) -> Iterator[Line]:
    for _, entry in book.entries("work.recorded"):
        said = entry.values
        more = {"for": said["holder"]} if said.get("holder") else {}
        yield Line(
            said["worker"],
            said["township"],
            said["kind"],
            entry.occurred_at,
            said["grid"],
            points=said.get("points", 0),
            obligation=said["obligation"],
            more=more,
        )


def _missed(book: Book, zone: ZoneInfo) -> Iterator[Line]:
    mended = {_round(entry.values) for _, entry in book.entries("work.made-good")}
    leaves = _leaves(book)
    for _, entry in book.entries("work.missed"):
        said = entry.values
        starts, ends = (datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at"))
        days = tuple(at.astimezone(zone).date().isoformat() for at in (starts, ends - _MILLISECOND))
        for place in said["places"]:
            worker = place.get("worker") or ""
            if _round({**said, "grid": place["grid"]}) in mended:
                continue
            what = "excused" if _away(leaves, worker, days) else "missed"
            short = said["needed"] - place.get("done", 0)
            yield Line(worker, said["township"], what, starts, place["grid"], short, obligation=said["obligation"])


def _round(said: Any) -> tuple[str, str, str]:
    return said["obligation"], said["starts_at"], said["grid"]


def _leaves(book: Book) -> dict[tuple[str, str], Entry]:
    """Return the leaves that hold, the newest word for each worker and first day."""
    told = sorted((entry for _, entry in book.entries("worker.on-leave")), key=lambda one: (one.occurred_at, one.mark))
    newest = {(one.values["worker"], one.values["first"]): one for one in told}
    return {key: one for key, one in newest.items() if not one.values.get("cancelled")}


def _away(leaves: dict[tuple[str, str], Entry], worker: str, days: tuple[str, ...]) -> bool:
    return any(
        who == worker and all(first <= day <= one.values["last"] for day in days)
        for (who, first), one in leaves.items()
    )


def _told(book: Book) -> Iterator[Line]:
    """Yield leave, training and assessment."""
    for _, entry in book.entries("worker.trained", "worker.assessed"):
        said = dict(entry.values)
        worker, township, points = said.pop("worker"), said.pop("township"), said.pop("points", 0)
        what = "training" if entry.type == "worker.trained" else "assessment"
        yield Line(worker, township, what, entry.occurred_at, points=points, more=said)
    for entry in _leaves(book).values():
        said = {name: entry.values[name] for name in ("first", "last", "substitute") if entry.values.get(name)}
        yield Line(entry.values["worker"], entry.values["township"], "leave", entry.occurred_at, more=said)


def _of_case(case: CaseBook, index_of: IndexOf) -> Iterator[Line]:
    """Yield what a solved case is worth: to who reported it, and to who has the grid in which it was handled.

    Reports of the grid app are those of the worker of their grid: the bus does not say who holds the telephone.
    """
    opened, closed = case.last("case.opened"), case.last("case.closed")
    if opened is None or closed is None or case.state != "closed":
        return
    index = index_of(opened.values.get("profile_version", 0))
    points = index.profile.work.points
    grid, now = opened.values.get("grid", ""), _grid_now(case, opened)
    partner = index.partner(opened.values.get("partner", ""))
    if partner is not None and partner.kind is PartnerKind.GRID_APP:
        yield from _worth(index_of, opened, (grid, "report", points.report), closed.occurred_at, case.id)
    yield from _worth(
        index_of, now, (now.values.get("grid", ""), "handled", points.handled), closed.occurred_at, case.id
    )


def _grid_now(case: CaseBook, opened: Entry) -> Entry:
    """Return what last said where the case is: its opening, or its move into a grid of a newer cut."""
    return case.last("case.moved") or opened


def _worth(index_of: IndexOf, said: Entry, worth: tuple[str, str, int], at: datetime, case_id: str) -> Iterator[Line]:
    code, what, points = worth
    grid = index_of(said.values.get("profile_version", 0)).grid(code)
    if grid is not None and grid.worker:
        yield Line(grid.worker, grid.township, what, at, code, points=points, more={"case": case_id})

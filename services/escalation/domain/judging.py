"""Rounds of recurring work begin and are judged, each at its own instant; what a township missed is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from services.escalation.domain.beat import Round
from services.escalation.domain.book import Book
from services.escalation.domain.rounds import Window, next_window
from shared.contracts.work import MissedPlace, WorkMissed
from shared.district.areas import Grid
from shared.district.work import Obligation

_MILLISECOND = timedelta(milliseconds=1)
_SLACK = timedelta(days=1)


class Begin(NamedTuple):
    """The next round of an obligation."""

    at: datetime
    obligation: Obligation
    window: Window


def advance(book: Book, until: datetime) -> str | None:
    """Let every round begin and be judged that is due, in the order of the instants; return the word for the last."""
    word = _meet(book, until)
    while True:
        begin, end = _next_begin(book), _next_end(book)
        if end is not None and end.judged_at <= until and (begin is None or end.judged_at <= begin.at):
            judge(book, end)
            word = "round_judged"
        elif begin is not None and begin.at <= until:
            _open(book, begin)
            word = "round_begun"
        else:
            return word


def next_instant(book: Book) -> datetime | None:
    """Return when a round begins or is judged next."""
    begin, end = _next_begin(book), _next_end(book)
    return min((one for one in (begin and begin.at, end and end.judged_at) if one), default=None)


def _meet(book: Book, until: datetime) -> str | None:
    """Take note of obligations that are new, and forget those that are gone: a new one is owed from its next round."""
    wanted = [one.id for one in book.profile.work.obligations]
    if wanted == list(book.beat.begun):
        return None
    book.change(begun={id_: book.beat.begun.get(id_, until) for id_ in wanted})
    return "obligations_changed"


def _next_begin(book: Book) -> Begin | None:
    return min(_begins(book), key=lambda one: (one.at, one.obligation.id), default=None)


def _begins(book: Book) -> Iterator[Begin]:
    for one in book.profile.work.obligations:
        window = next_window(book.profile, one, book.beat.begun[one.id])
        if window is not None:
            yield Begin(window[0], one, window)


def _next_end(book: Book) -> Round | None:
    open_rounds = (one for one in book.beat.rounds if not one.judged)
    return min(open_rounds, key=lambda one: (one.judged_at, one.key), default=None)


def _open(book: Book, begin: Begin) -> None:
    starts_at, ends_at = begin.window
    one = Round(
        obligation=begin.obligation.id,
        starts_at=starts_at,
        ends_at=ends_at,
        judged_at=ends_at + book.profile.work.grace,
        version=book.profile.version,
    )
    kept = (old for old in book.beat.rounds if not _settled(book, old, begin.at))
    book.change(rounds=(*kept, one), begun={**book.beat.begun, one.obligation: begin.at})


def _settled(book: Book, one: Round, at: datetime) -> bool:
    """Say whether nothing that is told from now on can be believed to have happened in the round."""
    return one.judged and one.judged_at + book.profile.max_backdating + _SLACK < at


def judge(book: Book, one: Round) -> None:
    """Say in which grids a round was missed, in one event, and write its lines."""
    obligation = book.asked(one)
    grids = list(_owing(book, one, obligation)) if obligation else []
    if obligation is None or not grids:
        book.put(one.model_copy(update={"judged": True}))
        return
    short = [grid for grid in grids if len(one.done.get(grid.code, ())) < obligation.times]
    missed = [grid for grid in short if not excused(book, one, grid.worker)]
    book.put(one.model_copy(update={"judged": True, "told": tuple(grid.code for grid in missed)}))
    if not missed and not short:
        return
    figures = {"needed": obligation.times, "expected": len(grids), "excused": len(short) - len(missed)}
    places = tuple(_place(book, one, grid) for grid in missed)
    version = book.profile.version
    book.say_of(one, obligation, WorkMissed, one.judged_at, **figures, places=places, profile_version=version)


def _owing(book: Book, one: Round, obligation: Obligation) -> Iterator[Grid]:
    """Yield the grids that owed the round from its begin on and are still in force."""
    then = book.directory_of(book.beat.district, one.version)
    for grid in then.profile.grids:
        if grid.township == book.beat.township and obligation.owed_in(grid):
            today = book.directory.grid(grid.code)
            if today is not None and not today.retired:
                yield today


def excused(book: Book, one: Round, worker: str | None) -> bool:
    """Say whether a worker was away for the whole of a round and nobody stood in."""
    leave = on_leave(book, worker, one.starts_at, one.ends_at - _MILLISECOND)
    return leave is not None and not leave[1]


def on_leave(book: Book, worker: str | None, first: datetime, last: datetime) -> tuple[str, str] | None:
    """Return (worker, substitute) when the worker is away on all days from one instant to another."""
    days = book.day(first), book.day(last)
    for leave in book.beat.leaves:
        if worker and all(leave.covers(worker, day) for day in days):
            return leave.worker, leave.substitute
    return None


def _place(book: Book, one: Round, grid: Grid) -> MissedPlace:
    leave = on_leave(book, grid.worker, one.starts_at, one.ends_at - _MILLISECOND)
    worker = leave[1] if leave else grid.worker
    return MissedPlace(grid=grid.code, worker=worker, done=len(one.done.get(grid.code, ())))

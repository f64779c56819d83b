"""What a township says of its grid workers: leave, training, assessment."""

from __future__ import annotations

from datetime import timedelta

from services.escalation.domain.beat import Leave
from services.escalation.domain.book import Book
from services.escalation.domain.records import check_leader
from shared.contracts.work import (
    RecordAssessment,
    RecordTraining,
    TakeLeave,
    WorkCommand,
    WorkerAssessed,
    WorkerOnLeave,
    WorkerTrained,
)
from shared.decision import Rejected

MAX_LEAVES = 2_000
"""Leaves that a township may have before it at once; far above what its workers can take."""

_KEPT = timedelta(days=62)
"""A leave that ended longer ago can excuse no round that is still open: none lasts longer than a month."""


def check_worker(book: Book, worker: str) -> None:
    """Know the worker.

    Raises:
        Rejected: `unknown-worker`, nobody of that reference has a grid in the township.
    """
    if book.directory.worker_township(worker) != book.beat.township:
        raise Rejected("unknown-worker", f"No grid of township {book.beat.township} has a worker {worker}.")


def on_leave_taken(book: Book, command: TakeLeave) -> str:
    """Note that a worker is away, and who does the work meanwhile.

    Raises:
        Rejected: `forbidden`, `unknown-worker`, `too-many-leaves`, `illegal-transition` (to take back what is not).
    """
    _check(book, command)
    if command.substitute is not None:
        check_worker(book, command.substitute)
    first, last = command.first.isoformat(), command.last.isoformat()
    named = (command.worker, first)
    others = tuple(one for one in _current(book) if (one.worker, one.first) != named)
    if command.cancelled and len(others) == len(_current(book)):
        raise Rejected("illegal-transition", f"No leave of {command.worker} begins on {first}.")
    if len(others) >= MAX_LEAVES:
        raise Rejected("too-many-leaves", f"The township has {len(others)} leaves noted already.")
    leave = Leave(worker=command.worker, first=first, last=last, substitute=command.substitute or "")
    book.change(leaves=others if command.cancelled else (*others, leave))
    said = {"worker": command.worker, "substitute": command.substitute, "cancelled": command.cancelled}
    book.say(WorkerOnLeave, command.occurred_at, **said, first=command.first, last=command.last)
    return "leave_cancelled" if command.cancelled else "leave_noted"


def _current(book: Book) -> tuple[Leave, ...]:
    oldest = book.day(book.now - _KEPT)
    return tuple(one for one in book.beat.leaves if one.last >= oldest)


def on_training(book: Book, command: RecordTraining) -> str:
    """Note a training.

    Raises:
        Rejected: `forbidden`, `unknown-worker`.
    """
    _check(book, command)
    said = {"worker": command.worker, "course": command.course, "hours": command.hours}
    book.say(WorkerTrained, command.occurred_at, **said, points=book.profile.work.points.training)
    return "training_noted"


def on_assessment(book: Book, command: RecordAssessment) -> str:
    """Note an assessment.

    Raises:
        Rejected: `forbidden`, `unknown-worker`.
    """
    _check(book, command)
    said = {"worker": command.worker, "subject": command.subject, "score": command.score, "passed": command.passed}
    points = book.profile.work.points.assessment if command.passed else 0
    book.say(WorkerAssessed, command.occurred_at, **said, points=points)
    return "assessment_noted"


def _check(book: Book, command: WorkCommand) -> None:
    check_leader(book, command)
    check_worker(book, command.worker)

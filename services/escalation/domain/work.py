"""The decision about a township's recurring work: the beat and what happened in; the beat and what is told, out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.escalation.domain.beat import Beat
from services.escalation.domain.book import Book
from services.escalation.domain.draft import DirectoryOf
from services.escalation.domain.judging import advance, next_instant
from services.escalation.domain.people import on_assessment, on_leave_taken, on_training
from services.escalation.domain.records import on_record
from shared.contracts.base import Event
from shared.contracts.work import (
    RecordAssessment,
    RecordDuty,
    RecordPatrol,
    RecordTraining,
    RecordVisit,
    TakeLeave,
    township_of,
)
from shared.decision import Decision, Tick
from shared.district.lookup import DirectoryIndex

_ANSWERS: dict[type[Event], Callable[[Book, Any], str]] = {
    RecordPatrol: on_record,
    RecordVisit: on_record,
    RecordDuty: on_record,
    TakeLeave: on_leave_taken,
    RecordTraining: on_training,
    RecordAssessment: on_assessment,
}

HEEDED = frozenset(event.type for event in _ANSWERS)
"""The commands about grid workers' own work."""

_DISTRICT = 6


def decide(
    beat: Beat | None,
    event: Event | Tick,
    now: datetime,
    newest: Callable[[str], DirectoryIndex],
    directory_of: DirectoryOf,
) -> Decision[Beat]:
    """Let rounds begin and be judged up to when the event became known, then apply it; a tick lets time pass to now.

    Whatever comes first makes the beat: it is there for every township, and asks for nothing before it was made.

    Raises:
        Rejected: a command that may not be given now; nothing changes.
    """
    id_ = event.id if isinstance(event, Tick) else event.case_id
    before = beat or Beat(district=id_[:_DISTRICT], township=township_of(id_))
    book = Book(before, now, newest(before.district), directory_of)
    until = now if isinstance(event, Tick) else min(now, event.recorded_at)
    word = advance(book, until)
    if not isinstance(event, Tick):
        word = _ANSWERS[type(event)](book, event)
    next_at = next_instant(book)
    if next_at != book.beat.next_at:
        book.change(next_at=next_at)
    return Decision(book.beat, word or "nothing_due", tuple(book.events))

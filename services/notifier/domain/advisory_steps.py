"""What source governance gives to tell: an advisory from its proposal to its effect, and closings the centre looks at.

A subject that is a person has no name here, for it has none on the bus: its reference stands for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.notifier.domain.facts import MAX_PLACE, MAX_REASON, shorten
from shared.contracts.advisories import (
    AdvisoryDeclined,
    AdvisoryEvent,
    AdvisoryIssued,
    AdvisoryMeasured,
    AdvisoryProposed,
    AdvisoryReplied,
    ClosingsFlagged,
)
from shared.contracts.base import Event

FIRST = (AdvisoryProposed, ClosingsFlagged)
"""What opens a file; everything else about it comes after."""


def known_of(event: AdvisoryProposed | ClosingsFlagged) -> dict[str, Any]:
    """Return what the notifier remembers of a file."""
    known = {"known": True, "closed": False, "profile_version": event.profile_version, "episode": event.episode}
    if isinstance(event, ClosingsFlagged):
        return {**known, "lead": event.department}
    return {**known, "lead": event.addressee, "category": event.category, "place": shorten(event.place, MAX_PLACE)}


def _facts(event: AdvisoryEvent) -> dict[str, Any]:
    subject = event.subject
    name = shorten(subject.name or f"{subject.kind} {subject.ref}", MAX_PLACE) if subject else None
    return {"advice": event.kind.value, "subject": name}


def _proposed(draft: Any) -> tuple[Any, ...]:
    event: AdvisoryProposed = draft.event
    facts = {**_facts(event), "count": event.count, "limit": event.reply_within}
    return (draft.telling("advisory_proposed", "advisory_proposed", facts, about=(event.addressee,), moot=True),)


def _issued(draft: Any) -> tuple[Any, ...]:
    event: AdvisoryIssued = draft.event
    facts = {**_facts(event), "due_at": event.reply_by}
    return (draft.telling("advisory_issued", "advisory_issued", facts, about=(event.addressee,)),)


def _declined(draft: Any) -> tuple[Any, ...]:
    event: AdvisoryDeclined = draft.event
    facts = {**_facts(event), "reason": shorten(event.reason, MAX_REASON)}
    return (draft.telling("advisory_declined", "advisory_declined", facts, about=(event.addressee,)),)


def _replied(draft: Any) -> tuple[Any, ...]:
    event: AdvisoryReplied = draft.event
    facts = {**_facts(event), "outcome": "adopted" if event.adopted else "not_adopted"}
    facts["reason"] = shorten(event.note, MAX_REASON)
    return (draft.telling("advisory_replied", "advisory_replied", facts, about=(event.addressee,)),)


def _measured(draft: Any) -> tuple[Any, ...]:
    event: AdvisoryMeasured = draft.event
    facts = {**_facts(event), "before": event.before, "after": event.after, "outcome": event.effect.value}
    return (draft.telling("advisory_measured", "advisory_measured", facts, about=(event.addressee,)),)


def _flagged(draft: Any) -> tuple[Any, ...]:
    event: ClosingsFlagged = draft.event
    facts = {"count": event.count, "until": event.until, "fraction": event.share}
    return (draft.telling(f"closings_flagged:{_stamp(event.until)}", "closings_flagged", facts),)


def _stamp(instant: datetime) -> str:
    return f"{instant:%y%m%d%H%M%S}"


STEPS: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {
    AdvisoryProposed: _proposed,
    AdvisoryIssued: _issued,
    AdvisoryDeclined: _declined,
    AdvisoryReplied: _replied,
    AdvisoryMeasured: _measured,
    ClosingsFlagged: _flagged,
}

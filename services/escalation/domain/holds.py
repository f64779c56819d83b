"""What moves a due instant: holds (挂起), the end of a hold, extensions (延期). Each move is a line of the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.escalation.domain.clocks import armed, elapsed, unit, withdraw
from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Clock, Entry, Hold, What
from shared.contracts.escalations import ClockKind
from shared.contracts.limits import Limit

EXTENDED_KINDS = (ClockKind.STAGE, ClockKind.HANDLE)
"""An extension is of the limit to handle; the time to accept has no part in it."""

_MILLISECOND = timedelta(milliseconds=1)


def hold(draft: Draft, clock: Clock, at: datetime, until: datetime | None, by: str) -> bool:
    """Let a clock stand still from an instant on; return whether it does.

    One that had run out by then has nothing left to hold. A breach later than the hold does not count.
    """
    since = clock.since or clock.start.at
    at = max(at, since)
    if clock.hold is not None or at >= clock.due_at or (until is not None and until <= at):
        return False
    if clock.breached_at is not None:
        clock = withdraw(draft, clock, at)
    measure = unit(clock)
    left = draft.calendar.remaining(at, clock.due_at, measure)
    used = clock.used_ms + elapsed(draft.calendar, since, at, measure) // _MILLISECOND
    entry = Entry(what=What.HELD, at=at, left=left, until=until, by=by)
    held = {"hold": Hold(at=at, left=left, until=until), "used_ms": used, "ledger": (*clock.ledger, entry)}
    draft.clocks[clock.key] = armed(draft, clock.model_copy(update=held))
    return True


def resume(draft: Draft, clock: Clock, at: datetime) -> bool:
    """Let a held clock run again from an instant with what was left; return whether its due instant moved."""
    held = clock.hold or _ended_by_itself(clock, at)
    if held is None:
        return False
    at = max(at, held.at)
    due = draft.calendar.resume(at, held.left)
    if clock.breached_at is not None and due > clock.breached_at:
        clock = withdraw(draft, clock, at)
    ledger = (*clock.ledger, Entry(what=What.RESUMED, at=at, due=due))
    running = clock.model_copy(update={"hold": None, "due_at": due, "since": at, "ledger": ledger})
    draft.clocks[clock.key] = armed(draft, running)
    return True


def _ended_by_itself(clock: Clock, at: datetime) -> Hold | None:
    """Return the hold that ended at its `until` although it had been lifted before, as only now becomes known."""
    moves = [entry for entry in clock.ledger if entry.what in (What.HELD, What.RESUMED, What.EXTENDED)]
    if [entry.what for entry in moves[-2:]] != [What.HELD, What.RESUMED]:
        return None
    begun, ended = moves[-2:]
    if begun.left is None or ended.at != begun.until or not begun.at <= at < ended.at:
        return None
    return Hold(at=begun.at, left=begun.left, until=begun.until)


def asked_too_late(clock: Clock, asked_at: datetime | None) -> bool:
    """Say whether a clock had run out when more time was asked for; older records do not tell when that was."""
    return asked_at is not None and clock.hold is None and asked_at >= clock.due_at


def extend(draft: Draft, clock: Clock, at: datetime, limit: Limit, by: str) -> None:
    """Move the due instant on by a limit; a breach before the new one does not count."""
    due = draft.calendar.extend(clock.due_at, limit)
    if clock.breached_at is not None:
        clock = withdraw(draft, clock.model_copy(update={"due_at": due}), at)
    standing = clock.hold
    if standing is not None:
        left = draft.calendar.remaining(standing.at, due, unit(clock))
        standing = standing.model_copy(update={"left": left})
    left_now = standing.left if standing else None
    entry = Entry(what=What.EXTENDED, at=at, due=due, limit=limit, by=by, left=left_now)
    longer = {"due_at": due, "hold": standing, "ledger": (*clock.ledger, entry)}
    draft.clocks[clock.key] = armed(draft, clock.model_copy(update=longer))

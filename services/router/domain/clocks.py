"""What escalation says of time, as far as the router must know: a task has expired, a verification is overdue.

These are facts, so none is ever refused; one that comes too late changes nothing.
"""

from __future__ import annotations

from services.router.domain.change import Change, View, unchanged
from services.router.domain.model import Case
from services.router.domain.obligations import decide_obligation_breach
from services.router.domain.tier_time import KINDS as TIER_CLOCKS
from services.router.domain.tier_time import decide_tier_breach
from services.router.domain.verification import decide_verify_breach
from shared.contracts.escalations import ClockBreached, ClockBreachWithdrawn, ClockEvent, ClockKind
from shared.decision import Decision


def decide_breach(case: Case, breach: ClockBreached, view: View) -> Decision[Case]:
    """Mark the task whose limit has run out, close a case that nobody verified, promote a dispute."""
    if breach.kind is ClockKind.VERIFY:
        return decide_verify_breach(case, breach, view)
    if breach.kind is ClockKind.OBLIGATION:
        return decide_obligation_breach(case, breach, view)
    if breach.kind in TIER_CLOCKS and case.dispute is not None:
        return decide_tier_breach(case, breach, view)
    if breach.kind is not ClockKind.HANDLE:
        return unchanged(case, "not_concerned")
    return _mark(case, breach, expired=True)


def decide_breach_withdrawn(case: Case, withdrawn: ClockBreachWithdrawn, view: View) -> Decision[Case]:
    """Take the mark off again."""
    del view
    if withdrawn.kind is not ClockKind.HANDLE:
        return unchanged(case, "not_concerned")
    return _mark(case, withdrawn, expired=False)


def _mark(case: Case, clock: ClockEvent, *, expired: bool) -> Decision[Case]:
    task = case.find(clock.task_id) if clock.task_id else None
    if task is None or not task.live:
        return unchanged(case, "overtaken")
    marked = task.changed(expired_at=clock.due_at if expired else None)
    return Change(case).put(marked).decided("expired" if expired else "not_expired")

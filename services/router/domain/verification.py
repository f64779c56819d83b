"""Is it really solved (核查)? Asked of grid worker or centre; if nobody says, it may close by itself. Reopening."""

from __future__ import annotations

from datetime import datetime

from services.router.domain.assigning import assign, start_of
from services.router.domain.change import Change, View, illegal, told, unchanged
from services.router.domain.closing import close, unless_waiting
from services.router.domain.model import Case, CaseState
from services.router.domain.tiers import resume
from shared.contracts.cases import CaseReopened, CaseVerified, Outcome
from shared.contracts.commands import ReopenCase, VerifyCase
from shared.contracts.escalations import ClockBreached
from shared.decision import Decision


def decide_verify(case: Case, command: VerifyCase, view: View) -> Decision[Case]:
    """Close a resolved case, or open it again; what was seen before the case closed by itself still counts."""
    late = _seen_before_it_closed_itself(case, command)
    if case.state is not CaseState.RESOLVED and not late:
        raise illegal(f"Only a resolved case is verified; this one is {case.state}.", case.state)
    if command.ok and case.closing is Outcome.SOLVED:
        raise illegal("The case is verified already and waits for a linked dispute or an agreement.", case.state)
    facts = told(case, command.occurred_at, view)
    change = Change(case).add(CaseVerified(**facts, ok=command.ok, by=command.actor.partner, reason=command.reason))
    if not command.ok:
        reason = command.reason or "verification failed"
        return reopen(change, reason, (command.occurred_at, start_of(command)), view).decided("verification_failed")
    if late:
        return change.add(outcome=Outcome.SOLVED).decided("verified_late")
    change = close(change, Outcome.SOLVED, command.occurred_at, view)
    return change.decided(unless_waiting(change.case, "verified"))


def _seen_before_it_closed_itself(case: Case, command: VerifyCase) -> bool:
    by_itself = case.state is CaseState.CLOSED and case.outcome is Outcome.SOLVED_UNVERIFIED
    return by_itself and case.ended_at is not None and command.occurred_at <= case.ended_at


def decide_reopen(case: Case, command: ReopenCase, view: View) -> Decision[Case]:
    """Open a closed case again."""
    if case.state is not CaseState.CLOSED:
        raise illegal(f"Only a closed case is reopened; this one is {case.state}.", case.state)
    when = (command.occurred_at, start_of(command))
    return reopen(Change(case), command.reason, when, view).decided("reopened")


def reopen(change: Change, reason: str, when: tuple[datetime, datetime], view: View) -> Change:
    """Start a new episode: new tasks for lead and assists, the reporter's clock (and own limit) unchanged.

    `when` is (the instant of the decision, the start of the tasks' clocks).
    """
    at, start = when
    change = change.add(
        episode=change.case.episode + 1,
        state=CaseState.DISPATCHED,
        outcome=None,
        ended_at=None,
        closing=None,
        recheck_at=None,
    )
    case = change.case
    change = change.add(CaseReopened(**told(case, at, view), reason=reason))
    if case.dispute is not None:
        return resume(change, min(start, view.now), "reopened", view)
    return assign(change, case.named(), start, "reopened", view)


def decide_verify_breach(case: Case, breach: ClockBreached, view: View) -> Decision[Case]:
    """Nobody verified in time: the case closes by itself, as of the due instant, where the profile says so."""
    waiting = case.state is CaseState.RESOLVED and case.closing is None
    if not waiting or breach.episode != case.episode:
        return unchanged(case, "overtaken")
    if not view.index.profile.verification.auto_close:
        return unchanged(case, "verification_overdue")
    change = close(Change(case), Outcome.SOLVED_UNVERIFIED, breach.due_at, view)
    return change.decided(unless_waiting(change.case, "closed_unverified"))

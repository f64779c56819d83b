"""The end of a case: resolved when everybody named has completed, closed with an outcome, or withdrawn (办结, 结案)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.router.domain.change import Change, View, illegal, told
from services.router.domain.model import WORKED_ON, Case, CaseState, TaskState
from services.router.domain.recording import void_promises
from services.router.domain.tiers import give_up
from shared.contracts.cases import CaseClosed, CaseResolved, CaseWithdrawn, Outcome
from shared.contracts.commands import WithdrawCase
from shared.decision import Decision

RECHECK = timedelta(minutes=15)
"""How often a closing that waits for a linked dispute looks again. The dispute is another document, so nothing tells
this case that it ended; a closing tried only once would leave it open for ever."""


_BY_WORK = frozenset({Outcome.SOLVED, Outcome.SOLVED_UNVERIFIED})
"""Outcomes of departments' work; they do not end what the parties owe each other."""


def resolve_if_done(change: Change, at: datetime, view: View) -> Change:
    """Resolve the case when lead and assists have all completed; close it at once where nobody is to verify.

    It was resolved when the last of them completed, in whichever order the news came; when the last one missing was
    dropped, at the time of that decision, `at`.
    """
    case = change.case
    if case.state not in WORKED_ON or not _all_done(case):
        return change
    done = [task.completed_at for task in case.current() if task.completed_at is not None]
    at = max([*done, at])
    asked = view.index.profile.verification.by != "none"
    change = change.add(
        CaseResolved(**told(case, at, view), verify_limit=case.terms.verify if asked else None),
        state=CaseState.RESOLVED,
    )
    return change if asked else close(change, Outcome.SOLVED, at, view)


def _all_done(case: Case) -> bool:
    done = {(task.department, task.role) for task in case.current() if task.state is TaskState.COMPLETED}
    return all(one in done for one in case.named().items())


def close(change: Change, outcome: Outcome, at: datetime, view: View) -> Change:
    """Close the case, or keep the outcome while a linked dispute is open or an agreement is not fulfilled yet."""
    case = change.case
    if outcome in _BY_WORK and case.promises.binding is not None:
        return change.add(closing=outcome, recheck_at=None)
    if view.open_disputes and not case.is_dispute:
        return change.add(closing=outcome, recheck_at=view.now + RECHECK)
    if outcome is not Outcome.FULFILLED:
        change = void_promises(change, at, view)
    event = CaseClosed(
        **told(case, at, view),
        outcome=outcome,
        handling_seconds=_handling_seconds(case, at, outcome),
        category=case.category or "",
        department=case.lead,
    )
    return change.add(event, state=CaseState.CLOSED, outcome=outcome, ended_at=at, closing=None, recheck_at=None)


def _handling_seconds(case: Case, at: datetime, outcome: Outcome) -> float:
    """Return from the reporter's clock to the lead's completion; a completion claimed before the report counts as 0.

    A dispute is handled when it is agreed; how long the parties then took to fulfil it is another figure.
    """
    lead = case.lead_task()
    end = lead.completed_at if lead is not None and lead.completed_at is not None else at
    if outcome is Outcome.FULFILLED and case.promises.agreements:
        end = case.promises.agreements[-1].signed_at
    return max(0.0, (end - case.opened_at).total_seconds())


def try_closing_again(change: Change, view: View) -> Change:
    """Close a case whose closing waited, if nothing holds it back any more."""
    case = change.case
    if case.closing is None or case.recheck_at is None or case.recheck_at > view.now:
        return change
    return close(change, case.closing, view.now, view)


def after_work(case: Case, otherwise: str) -> str:
    """Return the reason word for a decision that may have ended the case."""
    ended = {CaseState.RESOLVED: "resolved", CaseState.CLOSED: "closed"}
    return unless_waiting(case, ended.get(case.state, otherwise))


def unless_waiting(case: Case, otherwise: str) -> str:
    """Return the reason word for a decision that closed the case, or could not yet."""
    return otherwise if case.closing is None else "closing_waits"


def decide_withdraw(case: Case, command: WithdrawCase, view: View) -> Decision[Case]:
    """End a case that should not have been one; whoever still had a task has it no more."""
    if not case.open:
        raise illegal(f"A case that is {case.state} cannot be withdrawn.", case.state)
    at = command.occurred_at
    live = [task for task in case.tasks if task.live]
    change = give_up(Change(case).supersede(live, at, "withdrawn", view), at, command.actor.partner, view)
    change = void_promises(change, at, view)
    change = change.add(
        CaseWithdrawn(**told(case, at, view), reason=command.reason),
        state=CaseState.WITHDRAWN,
        ended_at=at,
        closing=None,
        recheck_at=None,
        waiting=None,
    )
    return change.decided("withdrawn")

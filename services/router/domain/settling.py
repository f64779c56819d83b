"""What an agreement means for its case: mediation ends with it, resumes when it is broken; fulfilled, the case closes.

A dispute that the profile has mediated is in tiers; any other is worked on in tasks.
"""

from __future__ import annotations

from datetime import datetime

from services.router.domain import disputes, tiers
from services.router.domain.change import Change, View, told, told_of
from services.router.domain.closing import close
from services.router.domain.dispute import UNDER_WAY, DisputeState, tier_id
from services.router.domain.model import WORKED_ON, Case, CaseState, TaskState
from shared.contracts.agreeing import SignAgreement
from shared.contracts.cases import CaseResolved, Outcome, TaskCompleted, TaskRole
from shared.contracts.disputes import TierOutcome


def agree(change: Change, command: SignAgreement, view: View) -> Change:
    """Return the change with the dispute agreed; nothing changes where it is already.

    Raises:
        Rejected: its tier does not allow it, e.g. for want of consent.
    """
    dispute = change.case.dispute
    if dispute is None:
        return _resolve(change, command.occurred_at, view)
    if dispute.state not in UNDER_WAY:
        return change
    _must_mean_its_tier(change.case, command)
    return tiers.agree(change, command, view)


def _must_mean_its_tier(case: Case, command: SignAgreement) -> None:
    """Check that a tier that is named is the one that runs, or one in which the agreement was made in time."""
    dispute = tiers.dispute_of(case)
    tier = tiers.made_in_time_before(case, command) or dispute.tier
    runs = tier_id(case.case_id, tier.number)
    if command.tier_id not in (None, runs):
        raise tiers.tier_ended(f"{command.tier_id} is not the tier that runs; it is {runs}.", dispute)


def _resolve(change: Change, at: datetime, view: View) -> Change:
    """End the departments' part: to bring the parties together was the lead's task, and it is done."""
    if change.case.state not in WORKED_ON:
        return change
    live = [task for task in change.case.current() if task.live]
    change = change.supersede([one for one in live if one.role is TaskRole.ASSIST], at, "agreed", view)
    for task in (one for one in live if one.role is TaskRole.LEAD):
        done = task.changed(state=TaskState.COMPLETED, completed_at=at, held_until=None)
        change = change.put(done, TaskCompleted(**told_of(change.case, done, at, view)))
    return change.add(CaseResolved(**told(change.case, at, view)), state=CaseState.RESOLVED)


def mediate_again(change: Change, view: View) -> Change:
    """Return the change with a broken agreement's dispute back with its mediators; it binds until it is amended.

    Their time begins now, whenever it was broken: nobody could have mediated before it was known.
    """
    dispute = change.case.dispute
    agreed = dispute is not None and dispute.state is DisputeState.AGREED
    if dispute is None or not agreed or len(dispute.tiers) >= tiers.MAX_TIERS:
        return change
    return tiers.resume(change, view.now, "agreement_broken", view)


def stop_mediating(change: Change, view: View) -> Change:
    """Return the change with a dispute that was mediated again agreed as before: the agreement is kept after all."""
    dispute = change.case.dispute
    if dispute is None or dispute.state not in UNDER_WAY:
        return change
    change = tiers.leave(change, TierOutcome.KEPT, view.now, tiers.CLOCK, view)
    agreed = tiers.dispute_of(change.case).changed(state=DisputeState.AGREED, total_due_at=None)
    return change.add(dispute=agreed)


def end_case(change: Change, at: datetime, view: View) -> Change:
    """Return the change with the case closed as fulfilled."""
    if not change.case.open:
        return change
    change = stop_mediating(change, view)
    live = [task for task in change.case.tasks if task.live]
    change = change.supersede(live, at, "fulfilled", view)
    if change.case.dispute is not None:
        return disputes.end(change, Outcome.FULFILLED, at, view)
    return close(change, Outcome.FULFILLED, at, view)

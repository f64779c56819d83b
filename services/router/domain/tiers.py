"""The ladder of mediation (递进式调解): a dispute enters a tier, leaves it with an outcome, climbs with its whole file.

What agreements need of it: `agree` ends the running tier because the parties agree, `resume` takes a dispute back to
its mediators. Who may speak and what they may record is judged in `disputes.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.router.domain.change import Change, View, illegal, told
from services.router.domain.dispute import UNDER_WAY, Dispute, DisputeState, Tier, tier_id
from services.router.domain.mediators import choose
from services.router.domain.model import Case, CaseState
from shared.contracts.agreeing import SignAgreement
from shared.contracts.commands import Command
from shared.contracts.disputes import TierEnded, TierEntered, TierName, TierOutcome
from shared.contracts.limits import Limit
from shared.contracts.mediation import MediationOutcome
from shared.decision import Rejected

MAX_TIERS = 40
"""Tiers of one dispute over its whole life. A dispute that is agreed, broken and mediated again for ever would grow its
document past what the database takes."""

PARTIES = 2
"""So many parties must have consented before there can be an agreement."""

CLOCK = "clock"
"""Who ended a tier whose limit ran out."""


def dispute_of(case: Case) -> Dispute:
    """Return the dispute of a case.

    Raises:
        Rejected: `not-a-dispute`, the case is none that is mediated.
    """
    if case.dispute is None:
        raise Rejected("not-a-dispute", f"Case {case.case_id} is no dispute that is mediated.", case.state)
    return case.dispute


def enter(change: Change, name: TierName, at: datetime, reason: str, view: View, **more: Any) -> Change:
    """Put the dispute into a tier under the best mediator; `more` are fields of the tier that are settled already.

    Raises:
        Rejected: it has been in more tiers than any dispute needs.
    """
    case, dispute = change.case, dispute_of(change.case)
    if len(dispute.tiers) >= MAX_TIERS:
        raise illegal(f"The dispute has been in {MAX_TIERS} tiers; it is for the centre to end it.", dispute.state)
    limit = view.index.profile.mediation.policy(name).limit
    due = view.index.calendar.due(at, limit) if limit else None
    explanation: tuple[str, ...] = ()
    if "owner" not in more:
        chosen = choose(case, dispute, name, view)
        one, explanation = chosen.mediator, chosen.explanation
        more = {**more, "owner": one.department if one else case.lead, "mediator": one.code if one else None}
    number = len(dispute.tiers) + 1
    tier = Tier.model_validate({"number": number, "name": name, "entered_at": at, "due_at": due, **more})
    running, total = _with_total(dispute, tier, view)
    event = TierEntered(
        **told_of_tier(case, tier, at, view),
        reason=reason,
        limit=limit,
        total=total,
        co_mediator=tier.co_mediator,
        members=tier.members,
        batch=running.batch if name is TierName.BATCH else None,
        explanation=explanation,
    )
    return change.add(event, dispute=running.changed(tiers=(*running.tiers, tier)))


def _with_total(dispute: Dispute, tier: Tier, view: View) -> tuple[Dispute, Limit | None]:
    """Return the dispute in its state in a tier, and the time for mediation as a whole where that begins with it."""
    if tier.name is TierName.COURT:
        return dispute.changed(state=DisputeState.COURT, total_due_at=None), None
    running = dispute.changed(state=DisputeState.MEDIATING)
    if dispute.total_due_at is not None or tier.name is TierName.BATCH:
        return running, None
    total = view.index.profile.mediation.total
    return running.changed(total_due_at=view.index.calendar.due(tier.entered_at, total)), total


def takes_files(parent: Case | None) -> bool:
    """Say whether a case is a batch under which there may be files of households."""
    return parent is not None and parent.open and parent.dispute is not None and parent.dispute.is_batch


def told_of_tier(case: Case, tier: Tier, at: datetime, view: View) -> dict[str, Any]:
    """Return what every event about a tier says."""
    of_tier = {"tier_id": tier_id(case.case_id, tier.number), "tier": tier.name, "owner": tier.owner}
    return {**told(case, at, view), **of_tier, "mediator": tier.mediator}


def leave(
    change: Change, outcome: TierOutcome, at: datetime, by: str, view: View, *, reason: str | None = None
) -> Change:
    """End the running tier."""
    return end_tier(change, dispute_of(change.case).tier, outcome, at, by, view, reason=reason)


def end_tier(
    change: Change,
    tier: Tier,
    outcome: TierOutcome,
    at: datetime,
    by: str,
    view: View,
    *,
    reason: str | None = None,
) -> Change:
    """End a tier, or give one that had expired the outcome that it turns out to have had in time."""
    dispute = dispute_of(change.case)
    event = TierEnded(
        **told_of_tier(change.case, tier, at, view),
        outcome=outcome,
        by=by,
        reason=reason,
        hearings=dispute.hearings,
        consents=tier.consents,
    )
    return change.add(event, dispute=dispute.put(tier.changed(ended_at=at, outcome=outcome)))


def give_up(change: Change, at: datetime, by: str, view: View) -> Change:
    """End the dispute of a case that is withdrawn, if it is one."""
    dispute = change.case.dispute
    if dispute is None:
        return change
    if dispute.tier.ended_at is None:
        change = leave(change, TierOutcome.CLOSED, at, by, view)
    gone = {"state": DisputeState.ENDED, "total_due_at": None, "count_at": None}
    return change.add(dispute=dispute_of(change.case).changed(**gone))


def promote(change: Change, at: datetime, reason: str, view: View) -> Change | None:
    """Take the dispute one tier up with its whole file; None when there is none above."""
    dispute = dispute_of(change.case)
    above = view.index.profile.mediation.after(dispute.tier.name)
    return enter(change, above, at, reason, view) if above is not None else None


def to_court(change: Change, at: datetime, reason: str, view: View) -> Change:
    """Take the dispute to the last tier, past all others."""
    return enter(change, view.index.profile.mediation.tiers[-1].name, at, reason, view)


def agree(change: Change, command: Command, view: View) -> Change:
    """End the running tier because the parties agree; from here on the dispute is agreed, and its case stays open.

    An agreement made before a tier's limit ran out holds although the dispute has climbed since: it is taken back.

    Raises:
        Rejected: `tier-ended` (made after the limit), or `consent-missing`.
    """
    dispute = dispute_of(change.case)
    if dispute.state not in UNDER_WAY:
        raise illegal(f"The dispute is {dispute.state}; there is nothing to agree on.", dispute.state)
    if dispute.is_batch:
        raise illegal("In a batch each household agrees for itself, in its own file.", dispute.state)
    tier, reason = dispute.tier, getattr(command, "reason", None)
    before = made_in_time_before(change.case, command)
    if before is not None:
        change = end_tier(change, tier, TierOutcome.OVERTAKEN, command.recorded_at, command.actor.partner, view)
        tier = before
    must_be_in_time(dispute, tier, command.occurred_at, view)
    _must_be_consented(dispute, tier)
    change = end_tier(
        change, tier, TierOutcome.AGREEMENT, command.occurred_at, command.actor.partner, view, reason=reason
    )
    agreed = dispute_of(change.case).changed(state=DisputeState.AGREED, total_due_at=None)
    return change.add(dispute=agreed, state=CaseState.IN_PROGRESS)


def made_in_time_before(case: Case, command: Command) -> Tier | None:
    """Return the tier before the running one, if an agreement was made in it before the instant it expired.

    Only that may still be said of a tier that is over: its mediator has no say any more in what became of the dispute.
    """
    dispute = dispute_of(case)
    agreed = getattr(command, "outcome", None) is MediationOutcome.AGREEMENT or isinstance(command, SignAgreement)
    if not agreed or len(dispute.tiers) < PARTIES or dispute.tier.ended_at is not None:
        return None
    before = dispute.tiers[-2]
    meant = getattr(command, "tier_id", None) == tier_id(case.case_id, before.number)
    in_time = before.ended_at is not None and command.occurred_at <= before.ended_at
    return before if meant and in_time and before.outcome is TierOutcome.EXPIRED else None


def must_be_in_time(dispute: Dispute, tier: Tier, at: datetime, view: View) -> None:
    """Check that something lies before the limit of its tier, whether or not it is known yet that it ran out.

    In the last tier it may lie after: there is nobody above to whom the dispute could have gone.

    Raises:
        Rejected: `tier-ended`.
    """
    above = view.index.profile.mediation.after(tier.name)
    limits = [one for one in (tier.due_at, dispute.total_due_at) if one is not None]
    if above is not None and limits and at > min(limits):
        raise tier_ended(f"The limit of tier {tier.name} ran out at {min(limits):%Y-%m-%dT%H:%MZ}.", dispute)


def tier_ended(sentence: str, dispute: Dispute) -> Rejected:
    """Return the refusal of what is said about a tier that is over."""
    return Rejected("tier-ended", sentence, f"{dispute.tier.name}/{dispute.state}")


def _must_be_consented(dispute: Dispute, tier: Tier) -> None:
    """Check that enough parties consented to being mediated there; a court does not ask."""
    if tier.name is not TierName.COURT and len(tier.consents) < PARTIES:
        there = ", ".join(tier.consents) or "nobody"
        sentence = f"An agreement needs the recorded consent of {PARTIES} parties; there is that of {there}."
        raise Rejected("consent-missing", sentence, f"{tier.name}/{dispute.state}")


def resume(change: Change, at: datetime, reason: str, view: View) -> Change:
    """Take a dispute that was agreed or had ended back to where it was mediated last, with a new total.

    A household's file goes back to who mediates its batch, as long as there is one.
    """
    dispute = dispute_of(change.case)
    if dispute.tier.name is TierName.BATCH and takes_files(view.mediation.parent):
        return enter(change, TierName.BATCH, at, reason, view, owner=change.case.lead)
    ladder = [tier.name for tier in view.index.profile.mediation.tiers]
    last = dispute.tier.name if dispute.tier.name in ladder else ladder[0]
    return enter(change.add(dispute=dispute.changed(total_due_at=None)), last, at, reason, view)

"""The limits of mediation: an expired one takes the dispute up the ladder; only consenting parties move it (延期).

The clocks are escalation's; that one has run out is heard from it (`clock.breached` of kinds `tier` and `mediation`).
The router knows the due instants as well, from the same calendar, so that it can tell old news from new, and refuses
what came after a limit in whichever order the two are heard.
"""

from __future__ import annotations

from services.router.domain.change import Change, View, illegal, unchanged
from services.router.domain.dispute import Dispute, DisputeState, Tier, tier_id
from services.router.domain.disputes import speaks
from services.router.domain.extensions import longer
from services.router.domain.model import Case
from services.router.domain.tiers import (
    CLOCK,
    PARTIES,
    dispute_of,
    leave,
    promote,
    tier_ended,
    to_court,
    told_of_tier,
)
from shared.contracts.disputes import MediationExtended, TierName, TierOutcome
from shared.contracts.escalations import ClockBreached, ClockKind
from shared.contracts.mediation import ExtendMediation
from shared.decision import Decision, Rejected

KINDS = frozenset({ClockKind.TIER, ClockKind.MEDIATION})
"""The clocks of a dispute that the router heeds."""


def decide_tier_breach(case: Case, breach: ClockBreached, view: View) -> Decision[Case]:
    """Promote a dispute whose tier took too long, or send it to court when mediation as a whole did.

    The next tier begins when the breach was known, not when it was due: nobody could have acted there before.
    """
    dispute = case.dispute
    if dispute is None or not case.open or dispute.state is not DisputeState.MEDIATING:
        return unchanged(case, "overtaken")
    if not _still_counts(case, dispute, breach):
        return unchanged(case, "overtaken")
    change = leave(Change(case), TierOutcome.EXPIRED, breach.due_at, CLOCK, view)
    if breach.kind is ClockKind.MEDIATION:
        return to_court(change, breach.recorded_at, "total_expired", view).decided("total_expired")
    return (promote(change, breach.recorded_at, "expired", view) or change).decided("tier_expired")


def _still_counts(case: Case, dispute: Dispute, breach: ClockBreached) -> bool:
    """Say whether a breach is of the limit that runs, and not one that was extended or left behind meanwhile."""
    if breach.kind is ClockKind.MEDIATION:
        due = dispute.total_due_at
        return breach.episode == case.episode and due is not None and breach.due_at >= due
    running, due = dispute.tier, dispute.tier.due_at
    return breach.clock_id == tier_id(case.case_id, running.number) and due is not None and breach.due_at >= due


def decide_extend_mediation(case: Case, command: ExtendMediation, view: View) -> Decision[Case]:
    """Give tier and mediation more time: with everybody's consent, before either limit ran out, within the policy."""
    tier = speaks(case, command, view)
    dispute = dispute_of(case)
    _may_extend(dispute, tier, command, view)
    calendar = view.index.calendar
    longer_tier = tier.changed(due_at=tier.due_at and calendar.extend(tier.due_at, command.limit))
    total = dispute.total_due_at and calendar.extend(dispute.total_due_at, command.limit)
    count = dispute.extensions + 1
    event = MediationExtended(
        **told_of_tier(case, tier, command.occurred_at, view),
        limit=command.limit,
        consents=command.consent,
        reason=command.reason,
        by=command.actor.partner,
        count=count,
    )
    extended = dispute.put(longer_tier, total_due_at=total, extensions=count)
    return Change(case).add(event, dispute=extended).decided("mediation_extended")


def _may_extend(dispute: Dispute, tier: Tier, command: ExtendMediation, view: View) -> None:
    policy, met = view.index.profile.mediation, f"{tier.name}/{dispute.state}"
    if dispute.state is not DisputeState.MEDIATING or tier.name is TierName.BATCH:
        raise illegal("There is no limit of mediation here to extend.", met)
    limits = [one for one in (tier.due_at, dispute.total_due_at) if one is not None]
    due = min(limits, default=command.recorded_at)
    if command.recorded_at > due:
        raise tier_ended(f"The limit ran out at {due:%Y-%m-%dT%H:%MZ}; only before may it be extended.", dispute)
    silent = sorted(set(dispute.parties) - set(command.consent))
    if silent or len(set(command.consent)) < PARTIES:
        who = ", ".join(silent) or f"at least {PARTIES} parties"
        raise Rejected("consent-missing", f"More time needs the recorded consent of {who}.", met)
    if dispute.extensions >= policy.max_extensions:
        sentence = f"Mediation was extended {dispute.extensions} times; {policy.max_extensions} are allowed."
        raise Rejected("extensions-exhausted", sentence, met)
    if longer(command.limit, policy.max_extension, command.occurred_at, view):
        sentence = f"An extension may be {policy.max_extension} at most, not {command.limit}."
        raise Rejected("extension-too-long", sentence, met)

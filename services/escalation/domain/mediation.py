"""What the router says of tiers of mediation, and what that means for their time: one clock a tier, one for the whole.

That a limit ran out is heard by the router as a breach; it takes the dispute up the ladder and says so, which ends the
clock here. The whole ends with an agreement, or its being kept after all, or when arbitration or court has the dispute.
"""

from __future__ import annotations

from services.escalation.domain.cases import happened
from services.escalation.domain.clocks import Wanted, start, stop, withdraw
from services.escalation.domain.draft import Draft
from services.escalation.domain.holds import extend
from services.escalation.domain.model import Clock, Entry, What
from shared.contracts.disputes import (
    MediationExtended,
    MediatorAssigned,
    TierEnded,
    TierEntered,
    TierEvent,
    TierName,
    TierOutcome,
)
from shared.contracts.escalations import ClockKind, Verdict

_WORKED_THROUGH = frozenset({TierOutcome.AGREEMENT, TierOutcome.FAILED})
"""Outcomes of a mediator's own work, which was in time or not; any other end says nothing of it."""


def _key(event: TierEvent) -> str:
    """Return the key of a tier's clock, the tier's own part of its id: `tier#1`."""
    return event.tier_id.rpartition("/")[2]


def on_entered(draft: Draft, event: TierEntered) -> str:
    """Start the clock of a tier, and with the first one that of mediation as a whole; a court ends that."""
    key, at = _key(event), happened(event)
    if draft.case.phase.ended or key in draft.clocks:
        return "overtaken"
    if event.tier is TierName.COURT:
        _end_the_whole(draft, event)
    if event.limit is not None:
        start(draft, Wanted(key, ClockKind.TIER, event.owner, at, event.limit))
    if event.total is not None:
        number = draft.number("mediation")
        owner = draft.case.lead or draft.centre
        start(draft, Wanted(f"mediation#{number}", ClockKind.MEDIATION, owner, at, event.total))
    return "tier_entered"


def on_ended(draft: Draft, event: TierEnded) -> str:
    """End the clock of a tier, with a verdict where its mediator worked it through or let it run out."""
    clock, at = draft.clocks.get(_key(event)), happened(event)
    if event.outcome is TierOutcome.AGREEMENT:
        for whole in draft.live(ClockKind.MEDIATION):
            stop(draft, whole, at)
    if event.outcome is TierOutcome.KEPT:
        _end_the_whole(draft, event)
    if clock is None:
        return "tier_without_clock"
    if not clock.live:
        return _judged_again(draft, clock, event)
    stop(draft, clock, at, None if event.outcome in _WORKED_THROUGH else _left(clock))
    return "tier_ended"


def _left(clock: Clock) -> Verdict:
    """Return the verdict on a clock that nobody worked to its end: late if it ran out."""
    return Verdict.VOID if clock.breached_at is None else Verdict.LATE


def _judged_again(draft: Draft, clock: Clock, event: TierEnded) -> str:
    """Take back that a tier was late: only now it is known that the parties had agreed in time."""
    late = event.outcome is TierOutcome.AGREEMENT and clock.verdict is Verdict.LATE and clock.breached_at is not None
    if not late or happened(event) > clock.due_at:
        return "overtaken"
    again = withdraw(draft, clock.model_copy(update={"verdict": None}), happened(event))
    stop(draft, again, happened(event))
    return "tier_judged_again"


def _end_the_whole(draft: Draft, event: TierEvent) -> None:
    for whole in draft.live(ClockKind.MEDIATION):
        stop(draft, whole, happened(event), _left(whole))


def on_assigned(draft: Draft, event: MediatorAssigned) -> str:
    """Let the tier's clock go with the new mediator; its due instant stays."""
    clock = draft.clocks.get(_key(event))
    if clock is None or not clock.live or clock.owner == event.owner:
        return "overtaken"
    entry = Entry(what=What.OWNED, at=happened(event), by=event.owner)
    draft.clocks[clock.key] = clock.model_copy(update={"owner": event.owner, "ledger": (*clock.ledger, entry)})
    return "mediator_assigned"


def on_extended(draft: Draft, event: MediationExtended) -> str:
    """Move both limits on (延期): every party consented."""
    clocks = [*draft.live(ClockKind.TIER), *draft.live(ClockKind.MEDIATION)]
    for clock in clocks:
        extend(draft, clock, happened(event), event.limit, event.by)
    return "mediation_extended" if clocks else "overtaken"

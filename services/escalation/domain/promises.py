"""What the parties of a dispute promised, and the clocks that watch it: each obligation, confirmation, an appeal.

Lives here: what the router says of agreements. These clocks outlive the work on the case: they end when the promise is
kept, replaced or no more, or with the case itself.
"""

from __future__ import annotations

from services.escalation.domain.cases import happened
from services.escalation.domain.clocks import Wanted, start, stop
from services.escalation.domain.draft import Draft
from shared.contracts.agreements import (
    AgreementConfirmed,
    AgreementSigned,
    DefaulterRecorded,
    Duty,
    ObligationRecorded,
    ObligationState,
    Standing,
)
from shared.contracts.escalations import ClockKind, Verdict

_ENDS = frozenset({ObligationState.FULFILLED, ObligationState.SUPERSEDED, ObligationState.VOID})


def on_obligation(draft: Draft, event: ObligationRecorded) -> str:
    """Watch a new obligation; end its clock when it is fulfilled, by when that was, or when it is owed no more."""
    key = event.obligation_id.rpartition("/")[2]
    clock = draft.clocks.get(key)
    if draft.case.phase.ended:
        return "overtaken"
    if event.state is ObligationState.OPEN:
        if clock is None:
            _watch(draft, event, key)
        return "promised" if clock is None else "overtaken"
    if event.state not in _ENDS:
        return "partly_paid"
    if clock is None or not clock.live:
        return "overtaken"
    stop(draft, clock, happened(event), None if event.state is ObligationState.FULFILLED else Verdict.VOID)
    return "kept" if event.state is ObligationState.FULFILLED else "released"


def _watch(draft: Draft, event: ObligationRecorded, key: str) -> None:
    """Start the clock from when the promise was known: nobody is reminded, or late, before that."""
    visit = event.what is Duty.VISIT
    kind = ClockKind.FOLLOW_UP if visit else ClockKind.OBLIGATION
    owner = draft.centre if visit else event.owner
    wanted = Wanted(
        key,
        kind,
        owner,
        event.recorded_at,
        due_at=event.due_at,
        stage=key,
        remind_at=event.remind_at,
        grace=event.grace,
    )
    start(draft, wanted)


def on_signed(draft: Draft, event: AgreementSigned) -> str:
    """Start the time to apply for judicial confirmation (司法确认), from the signature on; an old one ends."""
    if draft.case.phase.ended:
        return "overtaken"
    for clock in draft.live(ClockKind.CONFIRM):
        stop(draft, clock, happened(event), Verdict.VOID)
    if event.confirm_within is not None:
        key = f"confirm#{event.agreement}"
        known = event.recorded_at
        start(
            draft,
            Wanted(key, ClockKind.CONFIRM, event.owner, happened(event), event.confirm_within, live_from=known),
        )
    return "agreed"


def on_confirmed(draft: Draft, event: AgreementConfirmed) -> str:
    """End the time to apply; what follows is the court's."""
    clocks = draft.live(ClockKind.CONFIRM)
    for clock in clocks:
        stop(draft, clock, happened(event))
    return "applied" if clocks else "overtaken"


def on_defaulter(draft: Draft, event: DefaulterRecorded) -> str:
    """Give the centre its time to decide on an appeal; end it with the decision, or when the party leaves the list."""
    running = [clock for clock in draft.live(ClockKind.APPEAL) if clock.stage == event.party]
    if draft.case.phase.ended:
        return "overtaken"
    if event.standing is Standing.APPEALED and event.decide_within is not None:
        key = f"appeal#{draft.number('appeal')}"
        wanted = Wanted(key, ClockKind.APPEAL, draft.centre, event.recorded_at, event.decide_within, stage=event.party)
        start(draft, wanted)
        return "appealed"
    for clock in running:
        stop(draft, clock, happened(event))
    return "decided" if running else "noted"

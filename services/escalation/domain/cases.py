"""What the router says of the case as a whole, and what that means for its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.escalation.domain.advising import sources
from services.escalation.domain.clocks import OUTLIVING, Wanted, start, stop
from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Case, Clock, Phase
from services.escalation.domain.muster import stand_down
from services.escalation.domain.whistle import blow, call_at_opening
from shared.contracts.cases import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    CaseTriaged,
    CaseVerified,
    CaseWithdrawn,
    Outcome,
)
from shared.contracts.escalations import ClockKind, Place, Verdict
from shared.contracts.limits import Limit

LATE = timedelta(minutes=1)
"""Within so long a report has come at once."""


def happened(event: CaseEvent) -> datetime:
    """Return when a thing happened: never after it became known, however fast a partner's clock runs."""
    return min(event.occurred_at, event.recorded_at)


def born(event: CaseTriaged | CaseOpened) -> Case:
    """Return a case that nothing has happened to yet."""
    return Case(
        district=event.district,
        case_id=event.case_id,
        profile_version=event.profile_version,
        phase=Phase.TRIAGE,
        began_at=happened(event),
        severity=event.severity,
        place=Place(lon=event.lon, lat=event.lat, address=event.address),
        grid=event.grid,
        community=event.community,
        township=event.township,
    )


def on_triaged(draft: Draft, event: CaseTriaged) -> str:
    """Start the clock of a case that waits for a human to name its category (分拣)."""
    if draft.case.phase is not Phase.TRIAGE or draft.clocks:
        return "overtaken"
    owner = draft.profile.triage.owner if draft.directory.department(draft.profile.triage.owner) else draft.centre
    start(draft, Wanted("triage", ClockKind.TRIAGE, owner, event.recorded_at, event.limit))
    return "triaged"


def on_opened(draft: Draft, event: CaseOpened) -> str:
    """Start the reporter's clock; blow the whistle if the case is joint and serious enough."""
    if draft.case.phase is not Phase.TRIAGE:
        return "overtaken"
    for clock in draft.live():
        stop(draft, clock, happened(event))
    draft.adopt(event.profile_version)
    draft.change(
        phase=Phase.OPEN,
        severity=event.severity,
        lead=event.lead or draft.centre,
        assists=event.assists,
        place=Place(lon=event.lon, lat=event.lat, address=event.address),
        grid=event.grid,
        community=event.community,
        township=event.township,
        subject=event.subject,
        sources=sources(draft.profile, event),
    )
    _start_reporters_clock(draft, event)
    if _is_whistled(draft, event):
        blow(draft, call_at_opening(draft, event.recorded_at))
        return "opened_jointly"
    return "opened"


def _is_whistled(draft: Draft, event: CaseOpened) -> bool:
    """Say whether the whistle is blown at opening; the event says so, but that of an older router only who is joint."""
    if event.whistle is not None:
        return event.whistle
    return event.joint and event.severity <= draft.profile.whistle.joint_severity


def _start_reporters_clock(draft: Draft, event: CaseOpened) -> None:
    """Start the clock of the whole case, from when the reporter's time began.

    Of a report that comes late it does nothing before it was known, or a case could be at the whistle at its opening.
    """
    limit = None if event.due_at or not event.limits else event.limits[-1].limit
    if limit or event.due_at:
        key, owner = _case_key(draft), draft.case.lead
        known = event.recorded_at if event.recorded_at - event.opened_at > LATE else None
        start(draft, Wanted(key, ClockKind.CASE, owner, event.opened_at, limit, event.due_at, live_from=known))


def _case_key(draft: Draft) -> str:
    """Return the key of the case's clock: one for each time it is started."""
    number = draft.number("case")
    return "case" if number == 1 else f"case#{number}"


def reporters_clock(draft: Draft) -> Clock | None:
    """Return the clock of the whole case, the one of the latest episode."""
    return next((clock for clock in reversed(draft.clocks.values()) if clock.kind is ClockKind.CASE), None)


def on_resolved(draft: Draft, event: CaseResolved) -> str:
    """End the reporter's clock and start that of the verification (核查)."""
    if draft.case.phase is not Phase.OPEN:
        return "overtaken"
    at = happened(event)
    draft.change(phase=Phase.RESOLVED, returned=(), arbitrating="")
    for clock in _of_the_work(draft):
        stop(draft, clock, at, None if clock.kind is ClockKind.CASE else Verdict.VOID)
    stand_down(draft, at, "resolved")
    if event.verify_limit is not None:
        _start_verification(draft, event.recorded_at, event.verify_limit)
    return "resolved"


def _of_the_work(draft: Draft) -> list[Clock]:
    """Return the live clocks but those of what the parties promised, which departments' work does not end."""
    return [clock for clock in draft.live() if clock.kind not in OUTLIVING]


def _start_verification(draft: Draft, at: datetime, limit: Limit) -> None:
    key = f"verify#{draft.number('verify')}"
    start(draft, Wanted(key, ClockKind.VERIFY, draft.centre, at, limit))


def on_verified(draft: Draft, event: CaseVerified) -> str:
    """End the clock of the verification: somebody looked, even where the case cannot close yet."""
    clocks = draft.live(ClockKind.VERIFY)
    for clock in clocks:
        stop(draft, clock, happened(event))
    return "verified" if clocks else "overtaken"


def on_closed(draft: Draft, event: CaseClosed) -> str:
    """End all that lives; verification and case were done, everything else ceased to matter."""
    if draft.case.phase.ended:
        return "overtaken"
    _end(draft, Phase.CLOSED, happened(event), event.outcome)
    return "closed"


def on_withdrawn(draft: Draft, event: CaseWithdrawn) -> str:
    """End all that lives without a verdict."""
    if draft.case.phase.ended:
        return "overtaken"
    _end(draft, Phase.WITHDRAWN, happened(event), None)
    return "withdrawn"


def _end(draft: Draft, phase: Phase, at: datetime, outcome: Outcome | None) -> None:
    draft.change(phase=phase, returned=(), arbitrating="")
    for clock in draft.live():
        stop(draft, clock, at, _last_verdict(clock, outcome))
    stand_down(draft, at, phase)


def _last_verdict(clock: Clock, outcome: Outcome | None) -> Verdict | None:
    """Return a clock's verdict at the end of its case; None leaves it to the instants.

    A case that was closed unverified was not verified in time, even though it ends at the very due instant.
    """
    if outcome is None or clock.kind not in (ClockKind.CASE, ClockKind.VERIFY):
        return Verdict.VOID
    if clock.kind is ClockKind.VERIFY and outcome is Outcome.SOLVED_UNVERIFIED and clock.breached_at is not None:
        return Verdict.LATE
    return None


def on_reopened(draft: Draft, event: CaseReopened) -> str:
    """Begin a new episode: levels start again, the reporter's clock goes on with its old due instant."""
    if event.episode <= draft.case.episode:
        return "overtaken"
    at = happened(event)
    for clock in _of_the_work(draft):
        stop(draft, clock, at, None if clock.kind is ClockKind.VERIFY else Verdict.VOID)
    draft.change(phase=Phase.OPEN, episode=event.episode, level=0, returned=(), arbitrating="")
    old = reporters_clock(draft)
    if old is not None:
        limit, due = old.start.limit, old.original_due_at
        key, owner = _case_key(draft), draft.case.lead
        # From when it was known: nobody could act before, and one that was backdated was at the whistle at once.
        known = event.recorded_at
        start(draft, Wanted(key, ClockKind.CASE, owner, old.start.at, limit, due, live_from=known))
    return "reopened"

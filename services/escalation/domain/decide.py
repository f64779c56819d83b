"""The decision of escalation: the time of a case and what happened in; its new time, and what to say of it, out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.escalation.domain import advising, cases, edges, mediation, members, promises, tasks
from services.escalation.domain.draft import DirectoryOf, Draft
from services.escalation.domain.model import Case, Clock
from services.escalation.domain.timers import advance, next_instant
from shared.contracts.advisories import DeclineAdvisory, IssueAdvisory, ReplyAdvisory
from shared.contracts.agreements import AgreementConfirmed, AgreementSigned, DefaulterRecorded, ObligationRecorded
from shared.contracts.base import Event
from shared.contracts.cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    CaseTriaged,
    CaseVerified,
    CaseWithdrawn,
    TaskAccepted,
    TaskAssigned,
    TaskCompleted,
    TaskExtended,
    TaskHeld,
    TaskProgressed,
    TaskResumed,
    TaskReturned,
    TaskSuperseded,
)
from shared.contracts.commands import AnswerTeam, BlowWhistle, CheckInTeam, StandDownTeam, SubstituteTeam
from shared.contracts.disputes import MediationExtended, MediatorAssigned, TierEnded, TierEntered
from shared.decision import Companion, Decision, Tick, UnknownCase

KEPT = 12
"""Ended clocks that stay in the document; older ones move to the collection `ledger`, or a case that is pushed around
for months would make every save of it heavier."""

LEDGER = "ledger"

_ANSWERS: dict[type[Event], Callable[[Draft, Any], str]] = {
    CaseTriaged: cases.on_triaged,
    CaseOpened: cases.on_opened,
    CaseResolved: cases.on_resolved,
    CaseVerified: cases.on_verified,
    CaseClosed: cases.on_closed,
    CaseWithdrawn: cases.on_withdrawn,
    CaseReopened: cases.on_reopened,
    TaskAssigned: tasks.on_assigned,
    TaskAccepted: tasks.on_accepted,
    TaskProgressed: tasks.on_progressed,
    TaskCompleted: tasks.on_completed,
    TaskReturned: tasks.on_returned,
    TaskSuperseded: tasks.on_superseded,
    TaskHeld: tasks.on_held,
    TaskResumed: tasks.on_resumed,
    TaskExtended: tasks.on_extended,
    TierEntered: mediation.on_entered,
    TierEnded: mediation.on_ended,
    MediatorAssigned: mediation.on_assigned,
    MediationExtended: mediation.on_extended,
    AgreementSigned: promises.on_signed,
    AgreementConfirmed: promises.on_confirmed,
    ObligationRecorded: promises.on_obligation,
    DefaulterRecorded: promises.on_defaulter,
    IssueAdvisory: advising.on_issue,
    DeclineAdvisory: advising.on_decline,
    ReplyAdvisory: advising.on_reply,
    BlowWhistle: members.on_whistle,
    AnswerTeam: members.on_answer,
    CheckInTeam: members.on_check_in,
    SubstituteTeam: members.on_substitute,
    StandDownTeam: members.on_stand_down,
}

_OWN: dict[type, Callable[[Draft, Any], str]] = {
    advising.Noticed: advising.on_noticed,
    advising.Counted: advising.on_counted,
    edges.Flagged: edges.on_flagged,
}
"""What this service finds by counting what it has stored (`adapters/watch.py`); no record brings it."""

HEEDED = frozenset(event.type for event in _ANSWERS)
"""The message types this service decides on; everything else on its topics is somebody else's."""


def decide(case: Case | None, event: Event | Tick, now: datetime, directory_of: DirectoryOf) -> Decision[Case]:
    """Let time pass up to when the event became known, then apply it; a tick lets time pass up to now.

    Time passes to `recorded_at`, not to `now`: what a service that was down or slow decides late is what it would have
    decided at once.

    Raises:
        Rejected: a command that may not be given now; nothing changes.
        UnknownCase: the case has neither been triaged nor opened here.
    """
    if isinstance(event, Tick):
        return _tick(case, event, now, directory_of)
    if case is not None and _known_already(case, event):
        return Decision(case, "known_already")
    if case is None:
        case = _new(event)
    draft = Draft.of(case, now, directory_of)
    known_at = min(now, event.recorded_at)
    if case.next_at is not None and case.next_at <= known_at:
        advance(draft, known_at)
    reason = (_ANSWERS.get(type(event)) or _OWN[type(event)])(draft, event)
    advance(draft, known_at)
    return _finished(draft, known_at, reason)


def _known_already(case: Case, event: Any) -> bool:
    """Say whether what was found by counting is told already, so that nothing needs to be saved."""
    if isinstance(event, advising.Noticed):
        return advising.under_way(case, event)
    return isinstance(event, edges.Flagged) and edges.told_before(case, event)


def _new(event: Any) -> Case:
    if isinstance(event, CaseTriaged | CaseOpened):
        return cases.born(event)
    if isinstance(event, advising.Noticed):
        return advising.born(event)
    if isinstance(event, edges.Flagged):
        return edges.born(event)
    raise UnknownCase(event.case_id)


def _tick(case: Case | None, tick: Tick, now: datetime, directory_of: DirectoryOf) -> Decision[Case]:
    if case is None:
        raise UnknownCase(tick.id)
    draft = Draft.of(case, now, directory_of)
    word = advance(draft, now)
    if word is not None:
        return _finished(draft, now, word)
    return _looked_again(draft, now)


def _looked_again(draft: Draft, now: datetime) -> Decision[Case]:
    """Nothing was due: another replica was faster, or it is a quiet case that is only looked at."""
    next_at = next_instant(draft, now)
    if next_at == draft.case.next_at:
        return Decision(draft.case, "nothing_due")
    return Decision(draft.case.model_copy(update={"next_at": next_at}), "looked_again")


def _finished(draft: Draft, until: datetime, reason: str) -> Decision[Case]:
    old = _overflow(draft)
    for clock in old:
        del draft.clocks[clock.key]
    draft.change(clocks=tuple(draft.clocks.values()), next_at=next_instant(draft, until))
    companions = tuple(_kept_apart(draft, clock) for clock in old)
    return Decision(draft.case, reason, tuple(draft.events), companions)


def _overflow(draft: Draft) -> list[Clock]:
    """Return the ended clocks that are too many, oldest first; never the reporter's last, for a reopening needs it."""
    reporters = cases.reporters_clock(draft)
    ended = [clock for clock in draft.clocks.values() if not clock.live and clock is not reporters]
    return ended[: max(0, len(ended) - KEPT)]


def _kept_apart(draft: Draft, clock: Clock) -> Companion:
    document = clock.model_dump(mode="python", exclude_defaults=True)
    return Companion(LEDGER, {"_id": draft.clock_id(clock), "case_id": draft.case.case_id, "clock": document})


def due(case: Case) -> datetime | None:
    """Return the earliest instant at which anything happens by itself."""
    return case.next_at


def index(case: Case) -> dict[str, Any]:
    """Return the fields beside the state: `open` is what the audit counts by."""
    counted = (*advising.index(case), *edges.index(case))
    return {"district": case.district, "open": None if case.phase.ended else True, **dict(counted)}

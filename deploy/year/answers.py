"""Which event answers to which act: what must have been heard before time may go on."""

from __future__ import annotations

from shared.contracts import cases as said
from shared.contracts.agreements import AgreementSigned, ObligationRecorded, ObligationState
from shared.contracts.base import Event
from shared.contracts.disputes import MediationRecorded, TierEnded, TierEntered
from shared.contracts.escalations import ClockKind, ClockStopped, TeamAnswered, TeamCheckedIn
from shared.contracts.incidents import ReportMerged

WORDS: tuple[tuple[type[Event], str, str], ...] = (
    (TierEntered, "begun", ""),
    (said.CaseTriaged, "begun", ""),
    (said.TaskAccepted, "accepted", "task_id"),
    (said.TaskProgressed, "progressed", "task_id"),
    (said.TaskReturned, "returned", "task_id"),
    (said.CaseVerified, "verified", ""),
    (said.CaseWithdrawn, "withdrawn", ""),
    (TeamAnswered, "answered", "department"),
    (TeamCheckedIn, "in", "department"),
    (MediationRecorded, "session", "tier_id"),
    (TierEnded, "ended", "tier_id"),
    (AgreementSigned, "signed", ""),
)
"""The word for each event that always answers, and what of it stands beside the word."""

BY_TYPE = {type_: (word, field) for type_, word, field in WORDS}


def answers(event: Event) -> tuple[str, str] | None:
    """Return case and word, if it answers; a completion is answered to when escalation has stopped the task's clock."""
    known = BY_TYPE.get(type(event))
    if known is not None:
        word, field = known
        return event.case_id, f"{word} {getattr(event, field)}" if field else word
    match event:
        case said.TaskAssigned(role=said.TaskRole.LEAD):
            return event.case_id, "begun"
        case ReportMerged():
            return event.merged_case_id, "merged"
        case ClockStopped(kind=ClockKind.HANDLE):
            return event.case_id, f"stopped {event.task_id}"
        case ObligationRecorded(state=ObligationState.FULFILLED):
            return event.case_id, f"paid {event.obligation_id}"
        case _:
            return None

"""Events of what is no single case's handling: advisories, the grid workers' duties, what parties promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.contracts.advisories import (
    AdvisoryDeclined,
    AdvisoryIssued,
    AdvisoryMeasured,
    AdvisoryProposed,
    AdvisoryReplied,
    ClosingsFlagged,
)
from shared.contracts.agreements import AgreementBreached, DefaulterRecorded, Duty, Route, Standing
from shared.contracts.base import Event
from shared.contracts.escalations import ClockKind, ClockWarned
from shared.contracts.limits import Limit
from shared.contracts.work import MissedPlace, WorkMissed, work_id
from tests.unit.notifier.events import CASE, DISTRICT, FILE, NOON, case_event, common, warned


def _advisory(kind: type[Event], **more: Any) -> Any:
    subject = {"kind": "estate", "name": "十里花园"}
    said = {"rule": "estate", "kind": "judicial", "addressee": "housing", "subject": subject}
    return kind(**{**common(case_id=FILE), **said, **more})


def advisories() -> tuple[Event, ...]:
    """Return an advisory's life, and closings that were flagged."""
    about: dict[str, Any] = {"since": NOON, "cases": (CASE,), "profile_version": 3}
    return (
        _advisory(AdvisoryProposed, count=5, reply_within="30 calendar_days", **about),
        _advisory(AdvisoryIssued, by="centre", reply_by=NOON),
        _advisory(AdvisoryReplied, by="housing", adopted=True, note="已督促整改"),
        _advisory(AdvisoryMeasured, before=5, after=1, effect="fell"),
        _advisory(AdvisoryDeclined, by="centre", reason="已另行约谈"),
        ClosingsFlagged(
            **common(case_id=f"{DISTRICT}-000000-bbbbbbbb"), **about, department="housing", count=12, until=NOON,
            share=0.1, usual=1.0
        ),
    )  # fmt: skip


def work_missed(**more: Any) -> WorkMissed:
    """Return a morning's patrol that was missed in one grid of two."""
    facts: dict[str, Any] = {
        "township": "620802001",
        "obligation": "patrol",
        "kind": "patrol",
        "starts_at": NOON - timedelta(hours=4),
        "ends_at": NOON,
        "needed": 1,
        "expected": 2,
        "places": (MissedPlace(grid="620802001001001", worker="w-001"),),
        "profile_version": 1,
    }
    return WorkMissed(**{**common(case_id=work_id("620802001")), **facts, **more})


def promise_warned() -> ClockWarned:
    """Return a reminder of what a party promised."""
    named = {"clock_id": f"{CASE}/obligation#1", "kind": ClockKind.OBLIGATION, "task_id": None}
    return warned(1.0).model_copy(update=named)


def agreement_breached(**more: Any) -> AgreementBreached:
    """Return an instalment that was not paid."""
    facts = {
        "agreement": 1,
        "obligation_id": f"{CASE}/obligation#1",
        "party": "respondent",
        "what": Duty.PAY,
        "outstanding": "3499.50",
        "route": Route.ENFORCEMENT,
        "owner": "housing",
    }
    broken: AgreementBreached = case_event(AgreementBreached, **{**facts, **more})
    return broken


def defaulter_appealed() -> DefaulterRecorded:
    """Return an objection to standing on the list."""
    limit = Limit.model_validate("15 calendar_days")
    appeal: DefaulterRecorded = case_event(
        DefaulterRecorded, party="respondent", standing=Standing.APPEALED, decide_within=limit
    )
    return appeal

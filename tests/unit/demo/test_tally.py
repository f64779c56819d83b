"""Counting: each figure from the events that make it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.result import imbalances
from deploy.demo.tables import closing_rate, on_time_rate
from deploy.demo.tally import Tally
from deploy.partner.follower import Heard
from shared.contracts import cases as said
from shared.contracts import escalations as timed
from shared.contracts import incidents
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.envelope import Envelope

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
CASE = "620802-260701-aaaaaaaa"
COMMON: dict[str, Any] = {"district": "620802", "case_id": CASE, "occurred_at": NOON, "recorded_at": NOON}
CLOCK: dict[str, Any] = {"clock_id": "c1", "kind": "handle", "owner": "housing", "due_at": NOON}


def _heard(*events: Event | RecordRejected) -> Tally:
    tally = Tally()
    for event in events:
        tally.hear(Heard(event, Envelope("1", "/t", event.type, ""), 0))
    return tally


def _accepted() -> incidents.ReportAccepted:
    return incidents.ReportAccepted(
        **COMMON, partner="grid-app", partner_kind=PartnerKind.GRID_APP, report_id="1", profile_version=1
    )


def _closed() -> said.CaseClosed:
    return said.CaseClosed(
        **COMMON, outcome=said.Outcome.SOLVED, handling_seconds=60, category="E1", department="housing"
    )


def _stopped(verdict: timed.Verdict) -> timed.ClockStopped:
    return timed.ClockStopped(
        **COMMON, **CLOCK, verdict=verdict, original_due_at=NOON + timedelta(hours=1), original_verdict=verdict
    )


def _letter(origin: str, headers: tuple[tuple[str, str], ...] = ()) -> RecordRejected:
    coded = tuple((name, base64.b64encode(value.encode()).decode()) for name, value in headers)
    return RecordRejected(
        district="620802", recorded_at=NOON, service="intake", error="bad-json", message="It is no JSON.",
        topic=origin, partition=0, offset=0, headers=coded,
    )  # fmt: skip


def test_closed_case_that_is_reopened_is_open_again() -> None:
    """The state of a case is the last thing said of it."""
    tally = _heard(_closed(), said.CaseReopened(**COMMON, episode=2, reason="not solved"))
    assert (tally.in_state("closed"), tally.open_cases) == (0, 1)
    assert closing_rate(tally) == 0


def test_breached_clock_that_stops_in_time_after_all_counts_as_in_time() -> None:
    """A withdrawn breach leaves no trace in the on-time rate."""
    tally = _heard(
        timed.ClockBreached(**COMMON, **CLOCK, late_by=1),
        timed.ClockBreachWithdrawn(**COMMON, **CLOCK),
        _stopped(timed.Verdict.ON_TIME),
    )
    assert on_time_rate(tally) == 1
    assert tally.departments["620802", "housing"].breaches == 0


def test_breached_clock_that_still_runs_counts_against_its_owner() -> None:
    """Not finishing at all is no way to a good rate."""
    tally = _heard(timed.ClockBreached(**COMMON, **CLOCK, late_by=1))
    assert on_time_rate(tally) == 0


def test_rejected_report_is_told_from_rejected_command() -> None:
    """Only reports count in the balance of reports; a record without a type was one."""
    report = ("ce_type", "gridwhistle.report.submit.v1")
    command = ("ce_type", "gridwhistle.task.accept.v1")
    tally = _heard(
        _letter("gw.620802.in.grid-app"),
        _letter("gw.620802.in.grid-app", (report,)),
        _letter("gw.620802.in.housing", (command,)),
        _letter("gw.620802.commands", (command,)),
    )
    assert tally.rejected_reports == {"grid-app": 2}
    assert sum(tally.letters.values()) == 4


def test_balance_names_what_is_missing() -> None:
    """A report that nobody accounts for is found, and so is an accepted one without a case."""
    assert not list(imbalances(_heard(_accepted(), _closed()), submitted=1, duplicates=0))
    assert len(list(imbalances(_heard(_accepted()), submitted=2, duplicates=0))) == 2

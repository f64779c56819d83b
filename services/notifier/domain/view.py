"""How an event changes what the notifier remembers of its case."""

from __future__ import annotations

from typing import Any

from services.notifier.domain.advisory_steps import FIRST as OPENING_A_FILE
from services.notifier.domain.advisory_steps import known_of
from services.notifier.domain.alerts import AlertEvent, AlertRaised, AlertResolved
from services.notifier.domain.alerts import known_of as known_of_alert
from services.notifier.domain.facts import MAX_PLACE, MAX_SUMMARY, shorten
from services.notifier.domain.ground_steps import area_of
from services.notifier.domain.model import CaseView, Erasure, ReporterView
from services.notifier.domain.steps import task_suffix
from shared.contracts import cases, escalations, incidents, moves, work
from shared.contracts.advisories import AdvisoryDeclined
from shared.contracts.base import Event
from shared.contracts.cases import TaskRole
from shared.contracts.commands import EraseReporter

MAX_DONE = 64
MAX_ERASED = 64
ERASED = "erased"

ENDINGS = (cases.TaskCompleted, cases.TaskReturned, cases.TaskSuperseded)
"""What makes a task nobody's any more: notices about it that still wait are pointless."""

FIRST = (
    incidents.ReportFacts,
    cases.CaseTriaged,
    cases.CaseOpened,
    EraseReporter,
    work.WorkMissed,
    AlertEvent,
    *OPENING_A_FILE,
)
"""Events that need nothing to have come before."""

REMEMBERED: frozenset[type[Event]] = frozenset({
    incidents.ReportAccepted,
    incidents.ReportMerged,
    incidents.ReportUnmerged,
    incidents.SurgeJoined,
    cases.CaseTriaged,
    cases.CaseOpened,
    cases.TaskAssigned,
    cases.CaseClosed,
    cases.CaseWithdrawn,
    cases.CaseReopened,
    escalations.TeamSummoned,
    escalations.TeamSubstituted,
    EraseReporter,
    moves.CaseMoved,
    work.WorkMissed,
    AdvisoryDeclined,
    AlertRaised,
    AlertResolved,
    *OPENING_A_FILE,
    *ENDINGS,
})  # fmt: skip


def remember(view: CaseView, event: Event) -> CaseView:
    """Return the view with the event taken in. Reporters are added by the decision, which knows how to reach them."""
    if isinstance(event, incidents.ReportFacts):
        return _reported(view, event)
    if isinstance(event, (cases.CaseTriaged, cases.CaseOpened)):
        return _known(view, event)
    if isinstance(event, EraseReporter):
        return _erased(view, event)
    if isinstance(event, ENDINGS):
        done = (*view.done, task_suffix(event.task_id))[-MAX_DONE:]
        return view.model_copy(update={"done": done})
    if isinstance(event, (escalations.TeamSummoned, escalations.TeamSubstituted)):
        return view.model_copy(update={"members": _members(view, event)})
    if isinstance(event, _INCIDENTS):
        changes = _incident(view, event)
    elif isinstance(event, AlertEvent):
        changes = known_of_alert(event)
    else:
        changes = known_of(event) if isinstance(event, OPENING_A_FILE) else _changes(event)
    return view.model_copy(update=changes)


def _reported(view: CaseView, event: incidents.ReportFacts) -> CaseView:
    """Take in what a report says, as far as nobody who knows better has spoken."""
    if view.known or isinstance(event, incidents.ReportMerged):
        return view
    facts = {"severity": event.severity, "category": event.category, "profile_version": event.profile_version}
    facts |= {"surge": view.surge or getattr(event, "surge", None)}
    return view.model_copy(update={**facts, **_place(event)})


_INCIDENTS = (incidents.ReportUnmerged, incidents.SurgeJoined)


def _incident(view: CaseView, event: incidents.ReportUnmerged | incidents.SurgeJoined) -> dict[str, Any]:
    """Note the surge a case belongs to, or forget the reporter of a report taken out of it.

    What follows is told to that one under the report's own case.
    """
    if isinstance(event, incidents.SurgeJoined):
        return {"surge": event.parent}
    gone = event.reporter_ref or f"{event.partner}:{event.report_id}"
    return {"reporters": tuple(one for one in view.reporters if one.ref != gone)}


def _known(view: CaseView, event: cases.CaseTriaged | cases.CaseOpened) -> CaseView:
    facts: dict[str, Any] = {
        "known": True,
        "severity": event.severity,
        "profile_version": event.profile_version,
        "episode": max(view.episode, event.episode),
        **_place(event),
    }
    if isinstance(event, cases.CaseOpened):
        facts |= {"category": event.category, "lead": event.lead, "policy": event.notice or view.policy}
    return view.model_copy(update=facts)


def _erased(view: CaseView, command: EraseReporter) -> CaseView:
    """Forget how to reach the reporters, and remember to, for a report may still be on its way here."""
    mark = Erasure(ref=command.reporter_ref, until=command.recorded_at)
    reporters = tuple(
        ReporterView(ref=one.ref, reason=ERASED) if command.reporter_ref in (None, one.ref) else one
        for one in view.reporters
    )
    return view.model_copy(update={"erased": (*view.erased, mark)[-MAX_ERASED:], "reporters": reporters})


def is_erased(view: CaseView, report: incidents.ReportFacts, ref: str) -> bool:
    """Say whether the person behind a report was erased before the report came here."""
    return any(mark.ref in (None, ref) and report.recorded_at <= mark.until for mark in view.erased)


def _place(event: Any) -> dict[str, Any]:
    codes = {name: getattr(event, name, None) for name in ("grid", "community", "township")}
    return {
        "place": shorten(event.address, MAX_PLACE),
        "summary": shorten(event.text, MAX_SUMMARY),
        **{name: code for name, code in codes.items() if code is not None},
    }


def _changes(event: Event) -> dict[str, Any]:
    if isinstance(event, cases.TaskAssigned):
        return {"lead": event.department} if event.role is TaskRole.LEAD else {}
    if isinstance(event, cases.CaseClosed):
        return {"closed": True, "outcome": event.outcome.value}
    if isinstance(event, cases.CaseWithdrawn | AdvisoryDeclined):
        return {"closed": True}
    if isinstance(event, moves.CaseMoved | work.WorkMissed):
        return area_of(event)
    if isinstance(event, cases.CaseReopened):
        return {"closed": False, "outcome": None, "episode": event.episode}
    return {}


def _members(view: CaseView, event: escalations.TeamSummoned | escalations.TeamSubstituted) -> tuple[str, ...]:
    """Return the departments of the team; a further whistle names only those it calls, and the others stay members."""
    before = view.members
    if isinstance(event, escalations.TeamSubstituted):
        return (*(code for code in before if code not in (event.department, event.by)), event.by)
    called = (one.department for one in event.members)
    return tuple(dict.fromkeys((*(before if event.round > 1 else ()), *called)))

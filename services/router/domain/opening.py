"""From a report to a case: opened with departments and limits, or in triage when no category is usable (立案, 分拣)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.router.domain.answers import answer
from services.router.domain.assigning import assign, start_of
from services.router.domain.change import Change, View, illegal, told
from services.router.domain.disputes import begin
from services.router.domain.model import Case, CaseState, Terms, Waiting
from shared.contracts.cases import CaseOpened, CaseTriaged
from shared.contracts.commands import ClassifyCase
from shared.contracts.incidents import ReportAccepted, ReportMerged
from shared.decision import Decision, Rejected, UnknownCase
from shared.district.categories import Category
from shared.district.routing import Facts, Routing
from shared.district.rules import choose

DEFAULT_RULE = "default"
"""The rule id of a case that no rule matched: category, class and district policies decided alone."""


def decide_accepted(case: Case | None, report: ReportAccepted, view: View) -> Decision[Case]:
    """Open a case for an accepted report, or put it into triage."""
    if case is not None:
        return _met_again(case, report)
    new, waiting = _new_case(report, view), _waiting(report)
    category = view.index.category(report.category) if report.category else None
    if category is None:
        return _triage(new, waiting, report, view).decided("triaged")
    told_at = max(report.occurred_at, report.recorded_at)
    return open_case(new, waiting, category, (report.occurred_at, told_at), view).decided("opened")


def _met_again(case: Case, report: ReportAccepted) -> Decision[Case]:
    if (case.partner, case.report_id) == (report.partner, report.report_id):
        return Decision(case, "opened_before")
    raise Rejected(
        "case-id-collision",
        f"The number {case.case_id} already belongs to report {case.report_id!r} of {case.partner}.",
        case.state,
    )


def _new_case(report: ReportAccepted, view: View) -> Case:
    reported = report.severity or view.index.profile.default.severity
    return Case(
        case_id=report.case_id,
        district=report.district,
        profile_version=report.profile_version,
        partner=report.partner,
        report_id=report.report_id,
        opened_at=report.occurred_at,
        state=CaseState.TRIAGE,
        severity=reported,
        due_at=report.due_at,
        reporters=int(report.reporter_ref is not None),
    )


def _waiting(report: ReportAccepted) -> Waiting:
    return Waiting(**{name: getattr(report, name) for name in Waiting.model_fields})


def _triage(case: Case, waiting: Waiting, report: ReportAccepted, view: View) -> Change:
    event = CaseTriaged(
        **told(case, report.occurred_at, view),
        **_told_of(waiting, "partner_kind", "severity"),
        reason="unknown_category" if report.category else "no_category",
        limit=view.index.profile.triage.limit,
        severity=case.severity,
        partner=case.partner,
        profile_version=case.profile_version,
    )
    return Change(case).add(event, waiting=waiting)


def open_case(case: Case, waiting: Waiting, category: Category, when: tuple[datetime, datetime], view: View) -> Change:
    """Route the report and open its case; `when` is (the decision's instant, the start of the tasks' clocks)."""
    at, start = when
    routing = choose(view.index, _facts(case, waiting, category.key, view))
    mediated = view.index.profile.mediation.covers(category.key)
    opened = case.model_copy(
        update={
            "state": CaseState.DISPATCHED,
            "category": category.key,
            "rule": routing.rule_id or DEFAULT_RULE,
            "severity": routing.severity,
            "lead": routing.lead,
            "assists": routing.assists,
            "terms": Terms() if mediated else _terms(routing),
            "waiting": None,
        }
    )
    change = Change(opened).add(_opened(opened, waiting, category, routing, told(opened, at, view)))
    if mediated:
        return begin(change, waiting, min(start, view.now), view)
    return assign(change, opened.named(), start, "opened", view)


def _facts(case: Case, waiting: Waiting, key: str, view: View) -> Facts:
    grid = view.index.grid(waiting.grid) if waiting.grid else None
    return Facts(
        category=key,
        at=case.opened_at,
        township=waiting.township,
        community=waiting.community,
        grid=waiting.grid,
        grid_kind=grid.kind if grid else None,
        partner=case.partner,
        partner_kind=waiting.partner_kind,
        severity=waiting.severity,
        text=waiting.text,
    )


def _terms(routing: Routing) -> Terms:
    evidence = routing.evidence
    mime = evidence.mime if evidence.min_media else ()
    return Terms(
        accept=routing.accept, stages=routing.stages, verify=routing.verify, media=evidence.min_media, mime=mime
    )


def _opened(case: Case, waiting: Waiting, category: Category, routing: Routing, facts: dict[str, Any]) -> CaseOpened:
    """Return the event; a limit of the report's own stands in place of the profile's."""
    own = case.due_at is not None
    return CaseOpened(
        **facts,
        **_told_of(waiting, "severity"),
        opened_at=case.opened_at,
        category=category.key,
        category_name=category.name,
        rule=case.rule or DEFAULT_RULE,
        severity=case.severity,
        lead=case.lead,
        assists=case.assists,
        joint=routing.joint or routing.whistle,
        whistle=routing.whistle,
        profile_version=case.profile_version,
        limits=() if own else case.terms.stages,
        accept_limit=None if own else case.terms.accept,
        verify_limit=case.terms.verify,
        due_at=case.due_at,
        partner=case.partner,
        notice=routing.notice,
    )


def _told_of(waiting: Waiting, *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in waiting if name not in left_out}


def decide_merged(case: Case | None, report: ReportMerged, view: View) -> Decision[Case]:
    """Count a report that intake found to be about this case; its reporter hears the outcome from the notifier."""
    del view
    if case is None:
        raise UnknownCase(report.case_id)
    reporters = case.reporters + int(report.reporter_ref is not None)
    return Change(case).add(merged=case.merged + 1, reporters=reporters).decided("merged")


def decide_classify(case: Case, command: ClassifyCase, view: View) -> Decision[Case]:
    """Open a case in triage under the category a human names."""
    if case.state is not CaseState.TRIAGE or case.waiting is None:
        raise illegal(f"Only a case in triage is classified; this one is {case.state}.", case.state)
    category = view.index.category(command.category)
    if category is None:
        sentence = f"The profile of {case.district} has no category {command.category!r}."
        raise Rejected("unknown-category", sentence, case.state)
    when = (command.occurred_at, start_of(command))
    decision = open_case(case, case.waiting, category, when, view).decided("classified")
    return replace(decision, companions=answer(case, case.waiting, category.key, command, view))

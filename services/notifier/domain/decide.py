"""What the notifier decides about a case: an event comes in, notices and their `notice.queued` go out.

An event that comes before its case waits in the view; one that comes twice or too late tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notifier.domain.audience import Recipient
from services.notifier.domain.model import MAX_WAITING, AddressKind, CaseView, Owed, ReporterView, Waiting
from services.notifier.domain.queueing import Desk, owed_telling, reporter_document
from services.notifier.domain.steps import TOLD_EVENTS, Telling, asked, reporter_ref, tellings
from services.notifier.domain.surroundings import Surroundings, Unreadable
from services.notifier.domain.view import ERASED, FIRST, REMEMBERED, is_erased, remember
from shared.contracts import registry
from shared.contracts.base import Event
from shared.contracts.cases import CaseClosed, CaseOpened, CaseTriaged
from shared.contracts.commands import EraseReporter
from shared.contracts.incidents import ReportAccepted, ReportFacts, ReportMerged
from shared.contracts.notifications import NoticeQueued
from shared.decision import Companion, Decision
from shared.district.model import Audience
from shared.district.rules import Facts, choose

HEARD: frozenset[type[Event]] = TOLD_EVENTS | REMEMBERED
"""The events the notifier needs at all; the others never reach the database."""

MAX_REPORTERS = 2_000
"""Reporters of one case that are told. Each is a `notice.queued` in the outbox when the case closes, and MongoDB
takes no document above 16 MB; a matter that large is a surge with cases of its own."""

REPORTERS = "reporters"
"""The collection of the sealed contacts."""

_CLOSED = asked(CaseClosed)


def decide(view: CaseView | None, event: Event, now: datetime, around: Surroundings) -> Decision[CaseView]:
    """Return the view with the event taken in, the notices it gives, and why.

    Raises:
        Poison: the district has no profile.
    """
    before = view or CaseView(district=event.district)
    desk = Desk(event.case_id, before, now, around)
    if type(event) not in HEARD:
        return Decision(before, "nothing_to_tell")
    reason = _take(desk, event)
    if desk.view is not before:
        days = desk.policy().profile.retention.cases_days
        desk.change(expires=event.recorded_at + timedelta(days=days))
    return Decision(desk.view, reason, tuple(desk.events), tuple(desk.companions))


def _take(desk: Desk, event: Event) -> str:
    if not desk.view.known and not isinstance(event, FIRST):
        return _wait(desk, event)
    if isinstance(event, ReportFacts):
        return _take_report(desk, event)
    if getattr(event, "episode", desk.view.episode) < desk.view.episode:
        return "overtaken"
    became_known = not desk.view.known and isinstance(event, (CaseTriaged, CaseOpened))
    reason = _tell(desk, event) if not isinstance(event, EraseReporter) else _erase(desk, event)
    if became_known:
        waiting = desk.view.waiting
        desk.change(waiting=())
        for one in waiting:
            _take(desk, registry.decode(one.type, one.data))
    return reason


def _erase(desk: Desk, command: EraseReporter) -> str:
    desk.view = remember(desk.view, command)
    return ERASED


def _wait(desk: Desk, event: Event) -> str:
    """Keep the event until its case is known; topics are read independently, and this one was faster."""
    data = event.model_dump_json(exclude_none=True).encode()
    waiting = (*desk.view.waiting, Waiting(type=event.type, data=data))
    desk.change(waiting=waiting[-MAX_WAITING:])
    return "waiting" if len(waiting) <= MAX_WAITING else "waiting_overflow"


def _tell(desk: Desk, event: Event) -> str:
    desk.view = remember(desk.view, event)
    given = tellings(desk.view, event)
    # What is told of a later episode overtook the word that the case was opened again.
    over = desk.view.closed and getattr(event, "episode", desk.view.episode) <= desk.view.episode
    live = tuple(one for one in given if not (one.moot and over))
    before = len(desk.events)
    desk.tell_all(given, live)
    if len(desk.events) > before:
        return _word(desk.events[before:])
    if not live:
        return "overtaken" if given else "noted"
    return "nothing_to_tell"


def _word(events: Sequence[Event]) -> str:
    return "told" if any(isinstance(event, NoticeQueued) for event in events) else "suppressed"


def _take_report(desk: Desk, event: ReportFacts) -> str:
    """Add the reporter, say that the report is received, and whatever the reporter should have heard already."""
    ref = reporter_ref(event)
    if any(one.ref == ref for one in desk.view.reporters):
        return "repeated"
    desk.view = remember(desk.view, event)
    if isinstance(event, ReportAccepted) and not desk.view.known:
        _foresee(desk, event)
    if len(desk.view.reporters) >= MAX_REPORTERS:
        return _too_many(desk, event, ref)
    _add_reporter(desk, event, ref)
    before = len(desk.events)
    given = tellings(desk.view, event)
    desk.tell_all(given, given)
    for telling in _missed(desk, event, ref):
        desk.tell(telling)
    return _word(desk.events[before:]) if desk.events[before:] else "noted"


def _too_many(desk: Desk, event: ReportFacts, ref: str) -> str:
    for telling in tellings(desk.view, event):
        desk.suppress(telling, Audience.REPORTER, Recipient(f"reporter/{ref}", reason="too_many_reporters"))
    return "suppressed"


def _foresee(desk: Desk, report: ReportAccepted) -> None:
    """Take over what the rules will make of the report: how bad it is, and by which policy it is told.

    The reporter hears "received" before the router has spoken, and by the same policy as everything after it.
    """
    index = desk.policy()
    if report.category is None or index.categories.get(report.category) is None:
        return
    grid = index.grid(report.grid) if report.grid else None
    facts = Facts(
        category=report.category,
        at=report.occurred_at,
        township=report.township,
        community=report.community,
        grid=report.grid,
        grid_kind=grid.kind if grid else None,
        partner=report.partner,
        partner_kind=report.partner_kind,
        severity=report.severity,
        text=report.text,
    )
    routing = choose(index, facts)
    desk.change(severity=routing.severity, policy=routing.notice)


def _add_reporter(desk: Desk, event: ReportFacts, ref: str) -> None:
    person = _reporter(desk, event, ref)
    reported = desk.view.reported or isinstance(event, ReportAccepted)
    desk.change(reporters=(*desk.view.reporters, person), reported=reported)


def _reporter(desk: Desk, event: ReportFacts, ref: str) -> ReporterView:
    """Return the reporter as the view keeps it; the sealed contact goes into a document of its own."""
    if is_erased(desk.view, event, ref):
        return ReporterView(ref=ref, reason=ERASED)
    if event.contact is None:
        return ReporterView(ref=ref)
    owners = [event.case_id, *([event.merged_case_id] if isinstance(event, ReportMerged) else [])]
    try:
        owner, kinds = desk.around.reach(event.contact, owners)
    except Unreadable:
        return ReporterView(ref=ref, reason="unreadable_contact")
    if kinds:
        desk.companions.append(_sealed(desk, event.contact, owner, ref, event.recorded_at))
    return ReporterView(ref=ref, kinds=_in_order(kinds))


def _in_order(kinds: Sequence[AddressKind]) -> tuple[AddressKind, ...]:
    return tuple(kind for kind in AddressKind if kind in kinds)


def _sealed(desk: Desk, contact: str, owner: str, ref: str, recorded_at: datetime) -> Companion:
    days = desk.policy().profile.retention.personal_data_days
    document = {
        "_id": reporter_document(desk.case_id, ref),
        "ref": ref,
        "sealed": contact,
        "key": contact.partition(":")[0],
        "owner": owner,
        "recorded_at": recorded_at,
        "expires": desk.now + timedelta(days=days),
    }
    return Companion(REPORTERS, document)


def _missed(desk: Desk, event: ReportFacts, ref: str) -> list[Telling]:
    """Return what was told to reporters before this one was known."""
    view = desk.view
    if isinstance(event, ReportAccepted):
        desk.change(owed=())
        return [owed_telling(owed, desk.case_id, view, ref) for owed in view.owed]
    if not (view.closed and view.outcome):
        return []
    end = Owed(step="solved", template="solved", asks=_CLOSED, episode=view.episode, outcome=view.outcome)
    return [owed_telling(end, desk.case_id, view, ref)]

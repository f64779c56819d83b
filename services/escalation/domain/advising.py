"""Advisories (司法建议, 检察建议, 公安提示函): proposed from what keeps coming back, issued, answered, measured.

A file is kept like a case, so that its clock, its ladder and the proof that nothing was forgotten are those of cases.
How many cases of a source there are is counted outside, after they were opened (`adapters/watch.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.escalation.domain.clocks import Wanted, start, stop
from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Advice, Case, Phase
from shared.contracts.actors import PartnerKind
from shared.contracts.advisories import (
    AdvisoryDeclined,
    AdvisoryEvent,
    AdvisoryIssued,
    AdvisoryMeasured,
    AdvisoryProposed,
    AdvisoryReplied,
    DeclineAdvisory,
    Effect,
    IssueAdvisory,
    ReplyAdvisory,
    file_number,
)
from shared.contracts.cases import CaseOpened
from shared.contracts.escalations import ClockKind
from shared.contracts.incidents import Subject
from shared.decision import Rejected
from shared.district.governance import AdvisoryRule
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile

SEVERITY = 3
"""Of a file, as far as notices go by it."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """There were enough cases of one source; `cases` are the newest of `count` since `since`, `lead` leads the last."""

    district: str
    source: str
    profile_version: int
    count: int
    since: datetime
    recorded_at: datetime
    cases: tuple[str, ...]
    lead: str
    subject: Subject | None = None

    @property
    def case_id(self) -> str:
        """The number of the file."""
        return file_number(self.district, self.source)


@dataclass(frozen=True, slots=True)
class Counted:
    """So many cases of its source came in the window before an advisory was issued, and in the one after it."""

    district: str
    case_id: str
    before: int
    after: int
    recorded_at: datetime


def sources(profile: Profile, event: CaseOpened) -> tuple[str, ...]:
    """Return the sources that a case counts for: district, rule, and what it is that keeps coming back."""
    found = ((rule, _key(rule, event)) for rule in profile.advisories.rules if rule.is_about(event.category))
    return tuple(f"{event.district}/{rule.id}/{key}" for rule, key in found if key)


def _key(rule: AdvisoryRule, event: CaseOpened) -> str | None:
    if rule.by == "subject":
        subject = event.subject
        if subject is None or subject.ref is None or (rule.subjects and subject.kind not in rule.subjects):
            return None
        return f"{subject.kind}/{subject.ref}"
    areas = {"district": event.district, "township": event.township, "community": event.community, "grid": event.grid}
    area = areas[rule.area]
    return f"{event.category}/{area}" if area else None


def rule_of(source: str) -> str:
    """Return the rule of a source."""
    return source.split("/")[1]


def under_way(case: Case | None, event: Noticed) -> bool:
    """Say whether nothing is to be proposed: one advisory is under way, or the window of the last one is not over."""
    advice = case.advice if case else None
    return case is not None and advice is not None and (not case.phase.ended or event.since < advice.proposed_at)


def born(event: Noticed) -> Case:
    """Return a file on which nothing has been proposed yet."""
    return Case(
        district=event.district,
        case_id=event.case_id,
        profile_version=event.profile_version,
        phase=Phase.CLOSED,
        began_at=event.recorded_at,
        severity=SEVERITY,
        episode=0,
    )


def on_noticed(draft: Draft, event: Noticed) -> str:
    """Propose an advisory."""
    draft.adopt(event.profile_version)
    rule = draft.profile.advisories.rule(rule_of(event.source))
    if rule is None:
        return "no_rule"
    _, _, first, second = event.source.split("/")
    cause: dict[str, Any] = {"category": first, "area": second} if rule.by == "cause" else {}
    advice = Advice(
        source=event.source,
        rule=rule.id,
        kind=rule.kind,
        addressee=rule.addressee or event.lead or draft.centre,
        subject=None if cause else event.subject,
        proposed_at=event.recorded_at,
        **cause,
    )
    draft.change(phase=Phase.OPEN, episode=draft.case.episode + 1, level=0, lead=advice.addressee, advice=advice)
    told = {"count": event.count, "since": event.since, "cases": event.cases, "reply_within": rule.reply}
    told |= {"place": _place(draft.directory, advice.area), "profile_version": event.profile_version}
    _say(draft, AdvisoryProposed, event.recorded_at, **told)
    return "advisory_proposed"


def _place(directory: DirectoryIndex, area: str | None) -> str:
    found = (look(area) for look in (directory.grid, directory.community, directory.township)) if area else ()
    return next((one.name for one in found if one is not None), "")


def _say(draft: Draft, event: type[AdvisoryEvent], at: datetime, **fields: Any) -> None:
    advice = _advice(draft)
    names = ("rule", "kind", "addressee", "subject", "category", "area")
    draft.say(event, at, **{name: getattr(advice, name) for name in names}, **fields)


def _advice(draft: Draft) -> Advice:
    """Return what the file proposes.

    Raises:
        Rejected: `illegal-transition`, for it is a case and no file on a source.
    """
    if draft.case.advice is None:
        raise Rejected("illegal-transition", f"{draft.case.case_id} is no advisory.", draft.case.phase)
    return draft.case.advice


def window(draft: Draft) -> timedelta:
    """Return the window of the file's rule, in the version of the profile by which it was proposed."""
    rule = draft.profile.advisories.rule(_advice(draft).rule)
    return rule.window if rule else timedelta(0)


def window_of(advice: Advice) -> timedelta:
    """Return the window that an issued advisory is measured by, none of one that is not."""
    issued, measured = advice.issued_at, advice.measure_at
    return measured - issued if issued and measured else timedelta(0)


def _must_be_proposed(draft: Draft) -> Advice:
    advice = _advice(draft)
    if draft.case.phase.ended or advice.issued_at is not None:
        state = "was issued already" if advice.issued_at else "is not proposed any more"
        raise Rejected("illegal-transition", f"The advisory {draft.case.case_id} {state}.", draft.case.phase)
    return advice


def on_issue(draft: Draft, command: IssueAdvisory) -> str:
    """Let a human issue it; the addressee's time to reply runs from when the system knew."""
    advice, at = _must_be_proposed(draft), command.recorded_at
    addressee = command.addressee or advice.addressee
    if draft.directory.department(addressee) is None:
        sentence = f"The profile of {draft.case.district} has no department {addressee!r}."
        raise Rejected("unknown-department", sentence, draft.case.phase)
    rule = draft.profile.advisories.rule(advice.rule)
    limit = command.reply_within or (rule.reply if rule else None)
    kind = command.kind or advice.kind
    changed = {"kind": kind, "addressee": addressee, "issued_at": at, "measure_at": at + window(draft)}
    draft.change(lead=addressee, advice=advice.model_copy(update=changed))
    key = f"reply#{draft.case.episode}"
    start(draft, Wanted(key, ClockKind.REPLY, addressee, at, limit))
    _say(draft, AdvisoryIssued, at, by=command.actor.partner, reply_by=draft.clocks[key].due_at)
    return "advisory_issued"


def on_decline(draft: Draft, command: DeclineAdvisory) -> str:
    """Let the centre not issue it."""
    _must_be_proposed(draft)
    draft.change(phase=Phase.CLOSED)
    _say(draft, AdvisoryDeclined, command.recorded_at, by=command.actor.partner, reason=command.reason)
    return "advisory_declined"


def on_reply(draft: Draft, command: ReplyAdvisory) -> str:
    """Take the addressee's answer; its clock stops by when it was received, or as the centre says it came."""
    advice, by_centre = _advice(draft), command.actor.kind is PartnerKind.CENTRE
    if advice.issued_at is None or advice.replied_at is not None:
        what = "has been answered" if advice.replied_at else "was not issued"
        raise Rejected("illegal-transition", f"The advisory {draft.case.case_id} {what}.", draft.case.phase)
    if not by_centre and command.actor.department != advice.addressee:
        raise Rejected("forbidden", f"Only {advice.addressee} may answer this advisory.", draft.case.phase)
    at = min(command.occurred_at, command.recorded_at) if by_centre else command.recorded_at
    for clock in draft.live(ClockKind.REPLY):
        stop(draft, clock, max(at, clock.start.at))
    draft.change(advice=advice.model_copy(update={"replied_at": at}))
    _say(draft, AdvisoryReplied, at, by=command.actor.partner, adopted=command.adopted, note=command.note)
    _end_if_done(draft)
    return "advisory_replied"


def on_counted(draft: Draft, event: Counted) -> str:
    """Say what became of the reports in the window after the advisory was issued."""
    advice = _advice(draft)
    if advice.measure_at is None:
        return "overtaken"
    at = advice.measure_at
    draft.change(advice=advice.model_copy(update={"measure_at": None, "measured_at": at}))
    _say(draft, AdvisoryMeasured, at, before=event.before, after=event.after, effect=effect(event.before, event.after))
    _end_if_done(draft)
    return "advisory_measured"


def effect(before: int, after: int) -> Effect:
    """Return what became of the reports."""
    if after == 0:
        return Effect.STOPPED
    if after < before:
        return Effect.FELL
    return Effect.SAME if after == before else Effect.ROSE


def _end_if_done(draft: Draft) -> None:
    advice = _advice(draft)
    if advice.replied_at is not None and advice.measured_at is not None:
        draft.change(phase=Phase.CLOSED)


def lapses_at(draft: Draft) -> datetime | None:
    """Return when a proposal that nobody decides on lapses: with its window, after which it may be made again."""
    advice = draft.case.advice
    if advice is None or draft.case.phase.ended or advice.issued_at is not None:
        return None
    return advice.proposed_at + window(draft)


def lapse(draft: Draft, at: datetime) -> str:
    """Let a proposal lapse."""
    draft.change(phase=Phase.CLOSED)
    _say(draft, AdvisoryDeclined, at, lapsed=True)
    return "advisory_lapsed"


def index(case: Case) -> Iterator[tuple[str, Any]]:
    """Yield the fields beside the state by which sources are counted, and advisories measured."""
    if case.sources:
        yield "sources", list(case.sources)
        yield "began", case.began_at
    if case.advice is not None:
        yield "measure", case.advice.measure_at

"""The file on a source: proposed once a window, lapses or is decided on, never whistled for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

import pytest

from services.escalation.domain.advising import Noticed, sources
from services.escalation.domain.decide import decide, due
from services.escalation.domain.model import Case
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.advisories import (
    AdvisoryDeclined,
    AdvisoryIssued,
    AdvisoryKind,
    AdvisoryProposed,
    DeclineAdvisory,
    IssueAdvisory,
    ReplyAdvisory,
)
from shared.contracts.base import Event
from shared.contracts.cases import CaseOpened
from shared.contracts.commands import BlowWhistle, Command
from shared.contracts.escalations import CaseEscalated, ClockBreached, ClockStopped, TeamSummoned, Verdict
from shared.contracts.incidents import Subject
from shared.decision import Decision, Rejected, Tick
from shared.district.lookup import DirectoryIndex
from tests.unit.escalation.district import DISTRICT, local, profile

E = TypeVar("E", bound=Event)
RULES = [
    {"id": "estate", "by": "subject", "subjects": ["estate"], "count": 3, "window": "30 days", "kind": "judicial",
     "addressee": "housing", "reply": "5 working_days"},
    {"id": "rubbish", "by": "cause", "categories": ["E06*"], "area": "community", "count": 4, "window": "14 days",
     "kind": "procuratorial"},
]  # fmt: skip
WHO = {
    "centre": Actor(partner="centre", kind=PartnerKind.CENTRE, department="centre"),
    "housing": Actor(partner="housing", kind=PartnerKind.DEPARTMENT, department="housing"),
    "civil": Actor(partner="civil", kind=PartnerKind.DEPARTMENT, department="civil"),
}
SUBJECT = Subject(kind="estate", name="十里花园", ref="0123456789abcdef")


class File:
    """One file, and what is said of it."""

    def __init__(self) -> None:
        categories = [{"key": "E06010", "name": "暴露垃圾"}]
        self.directory = DirectoryIndex(profile(advisories={"rules": RULES}, categories=categories))
        self.now = local("2026-07-01T09:00")
        self.case: Case | None = None
        self.said: list[Event] = []

    def apply(self, event: Any) -> str:
        """Decide."""
        decision: Decision[Case] = decide(self.case, event, self.now, lambda *_: self.directory)
        self.case = decision.state
        self.said += decision.events
        return decision.reason

    def notice(self, count: int = 3) -> str:
        """Let the watch have counted enough."""
        known: dict[str, Any] = {
            "district": DISTRICT,
            "source": f"{DISTRICT}/estate/estate/{SUBJECT.ref}",
            "profile_version": 3,
        }
        cases = tuple(f"{DISTRICT}-260701-aaaaaaa{n}" for n in "abc")
        since = self.now - timedelta(days=30)
        return self.apply(
            Noticed(**known, count=count, since=since, recorded_at=self.now, cases=cases, lead="civil", subject=SUBJECT)
        )

    def say(self, who: str, command: type[Command], /, **fields: Any) -> str:
        """Give a command on the file."""
        assert self.case is not None
        known = {"district": DISTRICT, "case_id": self.case.case_id, "occurred_at": self.now, "recorded_at": self.now}
        return self.apply(command.model_validate({**known, "actor": WHO[who], **fields}))

    def until(self, text: str) -> None:
        """Sweep at every due instant up to then."""
        end = local(text)
        while self.case is not None and (instant := due(self.case)) is not None and instant <= end:
            self.now = max(self.now, instant)
            self.apply(Tick(self.case.case_id))
        self.now = end

    def heard(self, kind: type[E]) -> list[E]:
        """Return what was said."""
        return [one for one in self.said if isinstance(one, kind)]


def opened(**more: Any) -> CaseOpened:
    """Return a case as the router tells it."""
    at = local("2026-07-01T09:00")
    known: dict[str, Any] = {
        "district": DISTRICT, "case_id": f"{DISTRICT}-260701-aaaaaaaa", "occurred_at": at, "recorded_at": at,
        "opened_at": at, "category": "E06010", "rule": "default", "severity": 3, "lead": "housing",
        "profile_version": 3, "partner": "grid-app", "partner_kind": "grid_app", "community": "620802001001",
    }  # fmt: skip
    return CaseOpened.model_validate({**known, **more})


def test_a_case_counts_for_its_subject_and_for_its_cause() -> None:
    """One without a subject, of another category or without the area counts for neither."""
    district = File().directory.profile
    both = sources(district, opened(subject=SUBJECT))
    assert both == (f"{DISTRICT}/estate/estate/{SUBJECT.ref}", f"{DISTRICT}/rubbish/E06010/620802001001")
    company = SUBJECT.model_copy(update={"kind": "company"})
    assert sources(district, opened(subject=company, community=None)) == ()
    assert sources(district, opened(subject=SUBJECT.model_copy(update={"ref": None}), category="E08001")) == ()


def test_an_advisory_is_proposed_once_a_source_and_window() -> None:
    """More cases change nothing; declined, it is proposed again when the window is over, as the file's next."""
    file = File()
    assert file.notice() == "advisory_proposed"
    assert file.notice(7) == "known_already"
    file.say("centre", DeclineAdvisory, reason="already invited for a talk")
    file.until("2026-07-20T09:00")
    assert file.notice() == "known_already"
    file.until("2026-07-31T09:00")
    assert file.notice() == "advisory_proposed"
    assert [one.episode for one in file.heard(AdvisoryProposed)] == [1, 2]
    assert {one.case_id for one in file.heard(AdvisoryProposed)} == {file.said[0].case_id}


def test_a_proposal_that_nobody_decides_on_lapses_with_its_window() -> None:
    """And cannot be issued any more."""
    file = File()
    file.notice()
    file.until("2026-08-01T09:00")
    (declined,) = file.heard(AdvisoryDeclined)
    assert (declined.lapsed, declined.by, declined.occurred_at) == (True, None, local("2026-07-31T09:00"))
    with pytest.raises(Rejected) as refused:
        file.say("centre", IssueAdvisory)
    assert refused.value.error == "illegal-transition"


def test_the_centre_may_issue_it_otherwise_than_proposed() -> None:
    """Another kind, another addressee, another time; only departments that there are."""
    file = File()
    file.notice()
    with pytest.raises(Rejected) as refused:
        file.say("centre", IssueAdvisory, addressee="nobody")
    assert refused.value.error == "unknown-department"
    file.say("centre", IssueAdvisory, addressee="civil", kind="police", reply_within="2 working_days")
    (issued,) = file.heard(AdvisoryIssued)
    assert (issued.kind, issued.addressee) == (AdvisoryKind.POLICE, "civil")
    assert issued.reply_by == local("2026-07-03T18:00")
    with pytest.raises(Rejected) as refused:
        file.say("housing", ReplyAdvisory)
    assert refused.value.error == "forbidden"


def test_a_reply_that_does_not_come_climbs_the_ladder_but_is_never_whistled_for() -> None:
    """Head and director are told; nobody is called to a place for a letter, by hand neither."""
    file = File()
    file.notice()
    file.say("centre", IssueAdvisory)
    file.until("2026-07-20T09:00")
    assert [one.owner for one in file.heard(ClockBreached)] == ["housing"]
    assert [one.level for one in file.heard(CaseEscalated)] == [1, 2]
    with pytest.raises(Rejected):
        file.say("centre", BlowWhistle, departments=["housing"])
    assert not file.heard(TeamSummoned)
    file.say("centre", ReplyAdvisory, note="came by letter")
    assert [one.verdict for one in file.heard(ClockStopped)] == [Verdict.LATE]


def test_an_open_file_always_has_a_due_instant() -> None:
    """So the audit can tell a forgotten one, whatever has happened to it."""
    file = File()
    file.notice()
    assert file.case is not None
    assert file.case.next_at == local("2026-07-31T09:00")
    file.say("centre", IssueAdvisory)
    assert file.case.next_at is not None
    file.say("housing", ReplyAdvisory)
    assert file.case.next_at is not None

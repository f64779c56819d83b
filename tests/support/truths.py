"""What is always true (DOMAIN §11), checked on what the services keep and have said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.escalation.domain.ledger import explain
from services.escalation.domain.model import Case as TimedCase
from services.intake.domain.model import Outcome, ReportState
from services.router.domain.model import Case, index_of, next_due
from shared.contracts.base import Event
from shared.contracts.notifications import NoticeDelivered, NoticeQueued
from tests.support.editions import Editions


@dataclass
class Truths:
    """Checks one moment after another; what was true before is remembered, for some things may only grow."""

    editions: Editions
    before: dict[str, TimedCase] = field(default_factory=dict)

    def check(
        self, reports: Mapping[str, ReportState], cases: Mapping[str, Case], times: Mapping[str, TimedCase]
    ) -> None:
        """Check what the services keep."""
        each_report_is_in_one_case(reports, cases)
        for case in cases.values():
            resolved_means_that_everybody_named_has_completed(case)
            only_what_is_open_waits_for_anything(case)
        for id_, time in times.items():
            one_live_clock_of_a_kind_and_owner(time)
            nothing_lives_on_after_the_end(time)
            index = self.editions.at(time.district, time.profile_version)
            for clock in time.clocks:
                assert explain(clock, index).differences == (), f"{id_}/{clock.key} is not what its ledger says"
            if id_ in self.before:
                no_step_back(self.before[id_], time)
        self.before = dict(times)


def each_report_is_in_one_case(reports: Mapping[str, ReportState], cases: Mapping[str, Case]) -> None:
    """An accepted report opened exactly one case or was merged into one; nothing else makes cases (conservation)."""
    opened = [one.case_id for one in reports.values() if one.outcome is Outcome.ACCEPTED]
    assert sorted(opened) == sorted(cases), "accepted reports and cases are not the same"
    merged = Counter(one.into for one in reports.values() if one.outcome is Outcome.MERGED)
    assert dict(merged) == {id_: one.merged for id_, one in cases.items() if one.merged}
    assert sum(one.open or one.state in ("closed", "withdrawn") for one in cases.values()) == len(opened)


def resolved_means_that_everybody_named_has_completed(case: Case) -> None:
    """No less and no later; and of one department only one task is live, while the case is at work."""
    if case.state not in ("triage", "withdrawn") and case.dispute is None:
        done = {(task.department, task.role) for task in case.current() if task.state == "completed"}
        assert (set(case.named().items()) <= done) == (case.state in ("resolved", "closed"))
    live = [task.department for task in case.tasks if task.live]
    assert len(live) == len(set(live))
    assert not live or case.state in ("dispatched", "in_progress")


def only_what_is_open_waits_for_anything(case: Case) -> None:
    """An ended case leaves the index of open ones and is due no more."""
    assert (index_of(case)["open"] is None) == (not case.open)
    assert case.open or next_due(case) is None


def one_live_clock_of_a_kind_and_owner(time: TimedCase) -> None:
    """At most one live clock per case, kind and owner; stages are kinds of their own."""
    live = Counter((one.kind, one.owner, one.stage) for one in time.clocks if one.live)
    assert all(number == 1 for number in live.values()), f"two live clocks: {live}"


def nothing_lives_on_after_the_end(time: TimedCase) -> None:
    """A closed case has no live clock and no live team; an open one always has a due instant."""
    if time.phase.ended:
        assert not any(one.live for one in time.clocks)
        assert time.team is None or not time.team.live
    assert (time.next_at is None) == time.phase.ended


def no_step_back(old: TimedCase, new: TimedCase) -> None:
    """The level only rises within an episode; a deadline never moves without a line in its ledger."""
    assert new.episode >= old.episode
    assert new.episode > old.episode or new.level >= old.level
    known = {one.key: one for one in old.clocks}
    for clock in new.clocks:
        was = known.get(clock.key)
        if was is None:
            continue
        assert clock.ledger[: len(was.ledger)] == was.ledger, "a line of a ledger was changed"
        added = clock.ledger[len(was.ledger) :]
        assert clock.due_at == was.due_at or clock.due_at in [entry.due for entry in added]


def each_notice_once(said: Sequence[Event]) -> None:
    """A notice key is queued once and delivered at most once outside crash windows."""
    for kind in (NoticeQueued, NoticeDelivered):
        often = Counter(one.notice_id for one in dict.fromkeys(said) if isinstance(one, kind))
        assert set(often.values()) <= {1}, [key for key, number in often.items() if number > 1]


def no_id_with_two_contents(records: Iterable[Any]) -> None:
    """What is published again under an id is the same word for word."""
    contents: dict[bytes, bytes] = {}
    for record in records:
        id_ = dict(record.headers)["ce_id"]
        assert contents.setdefault(id_, record.value) == record.value, f"{id_.decode()} has two contents"

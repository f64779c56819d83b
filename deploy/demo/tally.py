"""Counting: every figure of the play as a fold over what the system said on its topics. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.desk import CASE_STATES
from deploy.demo.figures import CaseFigures, DepartmentFigures, TeamFigures
from deploy.partner.follower import Heard
from shared.contracts import cases as said
from shared.contracts import escalations as timed
from shared.contracts import incidents, notifications
from shared.contracts.base import Event
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.topics import parse_topic

TASKS: dict[type[Event], str] = {
    said.TaskAssigned: "assigned",
    said.TaskAccepted: "accepted",
    said.TaskCompleted: "completed",
    said.TaskReturned: "returned",
    said.TaskSuperseded: "superseded",
    said.TaskHeld: "held",
    said.TaskExtended: "extended",
}
OVER = frozenset({"closed", "withdrawn"})

Department = tuple[str, str]
"""District and department."""


@dataclass(slots=True)
class Tally:
    """The figures so far."""

    events: Counter[str] = field(default_factory=Counter)
    reports: Counter[tuple[str, str]] = field(default_factory=Counter)
    departments: defaultdict[Department, DepartmentFigures] = field(
        default_factory=lambda: defaultdict(DepartmentFigures)
    )
    cases: dict[str, CaseFigures] = field(default_factory=dict)
    teams: dict[str, TeamFigures] = field(default_factory=dict)
    notices: Counter[tuple[str, str]] = field(default_factory=Counter)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], RecordRejected] = field(default_factory=dict)
    rejected_reports: Counter[str] = field(default_factory=Counter)

    def hear(self, heard: Heard) -> None:
        """Count one record."""
        if isinstance(heard.said, RecordRejected):
            self._letter(heard.said)
            return
        event = heard.said
        self.events[event.type.removeprefix("gridwhistle.").removesuffix(".v1")] += 1
        match event:
            case incidents.ReportFacts():
                self._report(event)
            case said.CaseEvent():
                self._case(event)
            case timed.ClockEvent():
                self._clock(event)
            case timed.TeamEvent():
                self._team(event)
            case notifications.NoticeEvent():
                self.notices[event.channel, event.type.split(".")[2]] += 1
            case _:
                pass

    def in_state(self, *states: str) -> int:
        """Return how many cases stand in one of these states; the parents of surges belong to no report."""
        return sum(case.state in states for case in self.cases.values() if not case.surge)

    @property
    def accepted(self) -> int:
        """How many reports were taken in: those that opened a case and those merged into one."""
        return self.events["report.accepted"] + self.merged

    @property
    def merged(self) -> int:
        """How many reports are part of another's case; one that was taken out again was accepted after all."""
        return self.events["report.merged"] - self.events["report.unmerged"]

    @property
    def breaches(self) -> int:
        """How many limits passed, without those that turned out to have been kept."""
        return self.events["clock.breached"] - self.events["clock.breach-withdrawn"]

    @property
    def open_cases(self) -> int:
        """How many cases are neither closed nor withdrawn."""
        return sum(case.state not in OVER for case in self.cases.values() if not case.surge)

    def _report(self, event: incidents.ReportFacts) -> None:
        merged = isinstance(event, incidents.ReportMerged)
        self.reports[event.partner, "merged" if merged else "accepted"] += 1

    def _case(self, event: said.CaseEvent) -> None:
        case = self.cases.setdefault(event.case_id, CaseFigures("new"))
        case.state = CASE_STATES.get(type(event), case.state)
        if isinstance(event, said.CaseOpened):
            case.text, case.category = event.text, event.category_name or event.category
            case.surge = event.surge is not None
        elif isinstance(event, said.CaseClosed):
            case.outcome, case.handling = event.outcome, event.handling_seconds
            self.departments[event.district, event.department].handling[event.case_id] = event.handling_seconds
        elif isinstance(event, said.TaskEvent) and type(event) in TASKS:
            self.departments[event.district, event.department].tasks[TASKS[type(event)]] += 1

    def _clock(self, event: timed.ClockEvent) -> None:
        figures = self.departments[event.district, event.owner]
        handling = event.kind is timed.ClockKind.HANDLE
        if isinstance(event, timed.ClockBreached):
            figures.breaches += 1
            figures.overdue |= {event.clock_id} if handling else set()
        elif isinstance(event, timed.ClockBreachWithdrawn):
            figures.breaches -= 1
            figures.overdue.discard(event.clock_id)
        elif isinstance(event, timed.ClockStopped) and handling:
            figures.overdue.discard(event.clock_id)
            figures.verdicts[event.verdict] += 1

    def _team(self, event: timed.TeamEvent) -> None:
        if isinstance(event, timed.TeamSummoned):
            self._summoned(event)
        team = self.teams.get(event.team_id)
        if team is None:
            return
        match event:
            case timed.TeamAnswered():
                team.answered.add(event.department)
            case timed.TeamCheckedIn():
                team.present[event.department] = event.muster_seconds
            case timed.TeamAbsent():
                team.absent.add(event.department)
            case timed.TeamOnScene():
                team.mustered = event.muster_seconds
            case timed.TeamStoodDown():
                team.stood_down = event.seconds
            case _:
                pass

    def _summoned(self, event: timed.TeamSummoned) -> None:
        members = tuple(member.department for member in event.members)
        fresh = TeamFigures(event.case_id, event.reason, event.occurred_at, members)
        team = self.teams.setdefault(event.team_id, fresh)
        team.rounds = max(team.rounds, event.round)
        team.members = tuple(dict.fromkeys((*team.members, *members)))

    def _letter(self, letter: RecordRejected) -> None:
        kind = (letter.service, letter.error)
        self.letters[kind] += 1
        self.samples.setdefault(kind, letter)
        if is_report(letter):
            self.rejected_reports[parse_topic(letter.origin_topic).partner or ""] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the plain counts of every event type."""
        return dict(sorted(self.events.items()))


def is_report(letter: RecordRejected) -> bool:
    """Say whether what was refused was meant as a report: it came from a partner and its key is no case id."""
    if parse_topic(letter.origin_topic).partner is None:
        return False
    kinds = [value for name, value in letter.original_headers if name == "ce_type"]
    return not any(b".report." not in (kind or b"") for kind in kinds)

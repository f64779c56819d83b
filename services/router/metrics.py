"""The catalogue of the router's own metrics. Labels are closed by the profile; each saved decision is counted once.

The gauges show what is open (closed cases are the counters' business), so that their cost follows the work at hand and
not the size of the archive. Every replica shows the same figure: take `max`, not `sum`, over instances.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.router.agreement_metrics import AgreementMetrics
from services.router.domain.answers import Verdict, verdict
from services.router.domain.model import LIVE, OPEN, Case
from services.router.domain.opening import DEFAULT_RULE
from services.router.mediation_metrics import MediationMetrics
from shared.contracts import cases
from shared.contracts.base import Event
from shared.contracts.incidents import ReportMerged, ReportUnmerged
from shared.district.model import Profile
from shared.infra.engine.fold import Applied

PREFIX = "gridwhistle_router"

CASE_EVENTS: dict[type[Event], str] = {
    cases.CaseOpened: "opened",
    cases.CaseTriaged: "triaged",
    cases.CaseClosed: "closed",
    cases.CaseWithdrawn: "withdrawn",
    cases.CaseReopened: "reopened",
    ReportMerged: "merged",
    ReportUnmerged: "unmerged",
}
TASK_EVENTS: dict[type[Event], str] = {
    cases.TaskAssigned: "assigned",
    cases.TaskAccepted: "accepted",
    cases.TaskCompleted: "completed",
    cases.TaskReturned: "returned",
    cases.TaskSuperseded: "superseded",
}
TOLD_BEFORE = frozenset({"accepted_late"})
"""Decisions whose event only corrects the instant of one that was counted already."""

CLASSIFIED = "classified"
"""The reason of a decision by which a human's answer opened a case."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
HANDLING = (
    10 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY,
    5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY,
)  # fmt: skip

CaseKey = tuple[str, str]
TaskKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How many cases are open by (district, state), and how many tasks by (district, department, state)."""

    cases: Mapping[CaseKey, int]
    tasks: Mapping[TaskKey, int]


@dataclass(frozen=True, slots=True)
class RouterMetrics:
    """What the router counts and shows."""

    cases: Counter
    open_cases: Gauge
    tasks: Counter
    open_tasks: Gauge
    handling: Histogram
    matches: Counter
    answers: Counter
    agreements: AgreementMetrics
    mediation: MediationMetrics

    @classmethod
    def create(cls, registry: CollectorRegistry) -> Self:
        """Register the metrics."""

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"{PREFIX}_{name}", text, labels, registry=registry)

        return cls(
            cases=counter("cases", "Cases by what happened to them.", "district", "event"),
            open_cases=gauge("open_cases", "Cases neither closed nor withdrawn.", "district", "state"),
            tasks=counter("tasks", "Tasks by what happened to them.", "district", "department", "event"),
            open_tasks=gauge("open_tasks", "Tasks somebody is to act on.", "district", "department", "state"),
            handling=Histogram(
                f"{PREFIX}_handling_seconds",
                "From the report to the lead's completion, of cases closed.",
                ["district"],
                buckets=HANDLING,
                registry=registry,
            ),
            matches=counter("rule_matches", "Cases opened by the rule that routed them.", "district", "rule"),
            answers=counter(
                "triage_answers", "Cases a human classified, beside what the text suggested.", "district", "verdict"
            ),
            agreements=AgreementMetrics.create(registry, PREFIX),
            mediation=MediationMetrics.create(registry, PREFIX),
        )

    def know(self, profile: Profile) -> None:
        """Start every series of a district at zero, so that a rate exists before the first event."""
        district = profile.code
        for event in CASE_EVENTS.values():
            self.cases.labels(district, event)
        for department in profile.departments:
            for event in TASK_EVENTS.values():
                self.tasks.labels(district, department.code, event)
        for rule in (*(rule.id for rule in profile.rules), DEFAULT_RULE):
            self.matches.labels(district, rule)
        for one in Verdict:
            self.answers.labels(district, one)
        self.handling.labels(district)
        self.agreements.know(district)
        self.mediation.know(district)

    def applied(self, applied: Applied[Case]) -> None:
        """Count what a saved decision brought about."""
        if isinstance(applied.source.event, ReportMerged | ReportUnmerged):
            self.cases.labels(applied.source.event.district, CASE_EVENTS[type(applied.source.event)]).inc()
        if applied.decision.reason not in TOLD_BEFORE:
            for event in applied.decision.events:
                self._count(event)
                if applied.decision.reason == CLASSIFIED and isinstance(event, cases.CaseOpened):
                    self.answers.labels(event.district, verdict(event)).inc()

    def _count(self, event: Event) -> None:
        self.agreements.count(event)
        self.mediation.count(event)
        if isinstance(event, cases.TaskEvent) and type(event) in TASK_EVENTS:
            self.tasks.labels(event.district, event.department, TASK_EVENTS[type(event)]).inc()
        if type(event) in CASE_EVENTS:
            self.cases.labels(event.district, CASE_EVENTS[type(event)]).inc()
        if isinstance(event, cases.CaseClosed):
            self.handling.labels(event.district).observe(event.handling_seconds)
        if isinstance(event, cases.CaseOpened):
            self.matches.labels(event.district, event.rule).inc()

    def show(self, work: OpenWork, profiles: Iterable[Profile]) -> None:
        """Set the gauges; what the profiles know and nobody has is 0, and nothing keeps an old figure."""
        open_cases, open_tasks = Tally(work.cases), Tally(work.tasks)
        for profile in profiles:
            open_cases.update({(profile.code, state): 0 for state in OPEN})
            for department in profile.departments:
                open_tasks.update({(profile.code, department.code, state): 0 for state in LIVE})
        self.open_cases.clear()
        self.open_tasks.clear()
        for of_case, number in open_cases.items():
            self.open_cases.labels(*of_case).set(number)
        for of_task, number in open_tasks.items():
            self.open_tasks.labels(*of_task).set(number)

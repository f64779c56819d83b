"""The catalogue of intake's own metrics; every label comes from a profile or a closed list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.intake.domain.model import Draft, Refused, ReportState, Submission
from services.intake.domain.reading import Kind
from services.intake.domain.surging import SurgeBook
from services.intake.domain.undoing import Undo
from shared.contracts.base import Event
from shared.contracts.commands import Command
from shared.contracts.incidents import Precision, SurgeDetected, SurgeEnded, SurgeJoined
from shared.contracts.topics import UNLOCATED, parse_topic
from shared.district.lookup import DirectoryIndex
from shared.infra.engine.fold import Applied, Rejection
from shared.infra.metrics import EngineMetrics
from shared.infra.observer import MetricsObserver

REPORT_OUTCOMES = ("accepted", "merged", "duplicate", "conflict", "rejected")
COMMAND_OUTCOMES = ("accepted", "rejected")
ROUTES = ("/v1/reports", "/v1/commands")
STATUSES = (202, 400, 401, 403, 405, 408, 413, 429, 500, 503)
FORGOTTEN = ("reports", "pins", "vault", "erased")
UNKNOWN = "unknown"
SURGE_EVENTS: dict[type[Event], str] = {SurgeDetected: "detected", SurgeEnded: "ended"}
SUGGESTED = ("opened", "triaged", "silent")
"""What a text's suggestion did: opened the case, went to a human with it, or there was none."""

CONFIDENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class SuggestionMetrics:
    """What texts suggested, for reports whose partner named no category that we know."""

    outcomes: Counter
    confidence: Histogram
    version: Gauge
    refused: Gauge

    @classmethod
    def create(cls, registry: CollectorRegistry, prefix: str) -> SuggestionMetrics:
        """Register the metrics."""
        return cls(
            Counter(
                f"{prefix}_suggestions",
                "Reports without a known category, by what their text's suggestion did.",
                ["district", "outcome"],
                registry=registry,
            ),
            Histogram(
                f"{prefix}_suggestion_confidence",
                "How sure the suggestions were.",
                ["district"],
                buckets=CONFIDENCES,
                registry=registry,
            ),
            Gauge(
                f"{prefix}_classifier_version",
                "Version of the trained model at work, 0 where there is none.",
                ["district"],
                registry=registry,
            ),
            Gauge(
                f"{prefix}_classifier_refused",
                "1 while the newest stored model cannot be read and the one before it is at work.",
                ["district"],
                registry=registry,
            ),
        )

    def know(self, district: str) -> None:
        """Start a district's series at zero."""
        for outcome in SUGGESTED:
            self.outcomes.labels(district, outcome)
        self.confidence.labels(district)
        self.refused.labels(district)

    def judged(self, district: str, *, refused: bool) -> None:
        """Show whether the newest model of a district had to be refused."""
        self.refused.labels(district).set(refused)

    def taken(self, draft: Draft) -> None:
        """Count a report that was taken in; one whose partner said what it is about suggests nothing."""
        district, said = draft.origin.district, draft.suggested
        if said is not None:
            self.confidence.labels(district).observe(said.confidence)
            self.outcomes.labels(district, "opened" if draft.category else "triaged").inc()
        elif draft.category is None:
            self.outcomes.labels(district, "silent").inc()


@dataclass(frozen=True, slots=True)
class SurgeMetrics:
    """Surges that were found and ended, and the cases that belong to them."""

    events: Counter
    children: Counter

    @classmethod
    def create(cls, registry: CollectorRegistry, prefix: str) -> SurgeMetrics:
        """Register the metrics."""
        return cls(
            Counter(f"{prefix}_surges", "Surges by what happened to them.", ["district", "event"], registry=registry),
            Counter(f"{prefix}_surge_children", "Cases that belong to a surge.", ["district"], registry=registry),
        )

    def know(self, district: str) -> None:
        """Start a district's series at zero."""
        for event in SURGE_EVENTS.values():
            self.events.labels(district, event)
        self.children.labels(district)

    def on_applied(self, applied: Applied[SurgeBook]) -> None:
        """Count what a saved decision of a district's book brought about."""
        for event in applied.decision.events:
            if type(event) in SURGE_EVENTS:
                self.events.labels(event.district, SURGE_EVENTS[type(event)]).inc()
            elif isinstance(event, SurgeJoined):
                self.children.labels(event.district).inc()


@dataclass(frozen=True, slots=True)
class IntakeMetrics:
    """Counters of what came in. `partners` are those that the profiles name: no other becomes a label."""

    reports: Counter
    commands: Counter
    located: Counter
    requests: Counter
    forgotten: Counter
    unmerged: Counter
    suggestions: SuggestionMetrics
    surges: SurgeMetrics
    partners: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def create(cls, registry: CollectorRegistry) -> IntakeMetrics:
        """Register the metrics."""
        prefix = "gridwhistle_intake"

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{prefix}_{name}", text, labels, registry=registry)

        metrics = cls(
            counter("reports", "Reports by what became of them.", "district", "partner", "outcome"),
            counter("commands", "Commands by what became of them.", "district", "partner", "outcome"),
            counter("located", "Accepted and merged reports by how their place was found.", "district", "precision"),
            counter("http_requests", "HTTP requests by answer.", "route", "status"),
            counter("forgotten", "Documents removed: by retention from a collection, or on request.", "what"),
            counter("unmerged", "Merged reports that the centre took out of their case again.", "district"),
            SuggestionMetrics.create(registry, prefix),
            SurgeMetrics.create(registry, prefix),
        )
        for what in FORGOTTEN:
            metrics.forgotten.labels(what)
        for route in ROUTES:
            for status in STATUSES:
                metrics.requests.labels(route, str(status))
        return metrics

    def know(self, index: DirectoryIndex) -> None:
        """Let a profile's partners become labels; those that mostly report start at zero, so that a rate exists.

        Departments and townships start with their first message: a country has two million of them.
        """
        district = index.profile.code
        for partner in index.profile.partners:
            self.partners.add((district, partner.id))
            if partner.department is None:
                self._begin(district, partner.id)
        for precision in Precision:
            self.located.labels(district, precision)
        self.unmerged.labels(district)
        self.suggestions.know(district)
        self.surges.know(district)

    def _begin(self, district: str, partner: str) -> None:
        for outcome in REPORT_OUTCOMES:
            self.reports.labels(district, partner, outcome)
        for outcome in COMMAND_OUTCOMES:
            self.commands.labels(district, partner, outcome)

    def _labels(self, district: str, partner: str) -> tuple[str, str]:
        """Return labels that stay few, whatever topics somebody creates."""
        return (district, partner) if (district, partner) in self.partners else (UNLOCATED, UNKNOWN)

    def report(self, district: str, partner: str, outcome: str) -> None:
        """Count one report."""
        self.reports.labels(*self._labels(district, partner), outcome).inc()

    def command_passed(self, command: Command) -> None:
        """Count one permitted command, once the broker has it."""
        self.commands.labels(command.district, command.actor.partner, "accepted").inc()

    def on_applied(self, applied: Applied[ReportState]) -> None:
        """Count one saved decision."""
        if isinstance(applied.source.event, Undo):
            self._undone(applied.source.event)
            return
        submission: Submission = applied.source.event
        origin, reason = submission.draft.origin, applied.decision.reason
        self.report(origin.district, origin.partner.id, reason)
        if applied.decision.events:
            self.located.labels(origin.district, submission.place.precision).inc()
            self.suggestions.taken(submission.draft)

    def _undone(self, undo: Undo) -> None:
        self.command_passed(undo.command)
        self.unmerged.labels(undo.command.district).inc()

    def on_rejected(self, rejection: Rejection) -> None:
        """Count one refusal under the topic it came on."""
        source = rejection.source
        record: Any = source.record if source else None
        if source is None or record is None:
            return
        topic = parse_topic(record.topic)
        labels = self._labels(topic.district, topic.partner or UNKNOWN)
        refused = isinstance(source.event, Refused) and source.event.kind is Kind.COMMAND
        if refused or isinstance(source.event, Undo):
            self.commands.labels(*labels, "rejected").inc()
        else:
            conflict = rejection.poison.error == "conflicting-duplicate"
            self.reports.labels(*labels, "conflict" if conflict else "rejected").inc()


@dataclass(frozen=True, slots=True)
class IntakeObserver:
    """The engine's observer: what every service counts, and by whom and where reports were refused."""

    common: MetricsObserver[ReportState]
    metrics: IntakeMetrics

    @classmethod
    def create(cls, engine: EngineMetrics, metrics: IntakeMetrics) -> IntakeObserver:
        """Make one that counts in both catalogues."""
        return cls(MetricsObserver(engine, metrics.on_applied), metrics)

    def applied(self, applied: Applied[ReportState]) -> None:
        """One decision was saved."""
        self.common.applied(applied)

    def rejected(self, rejection: Rejection) -> None:
        """One record was refused."""
        self.common.rejected(rejection)
        self.metrics.on_rejected(rejection)

    def counted(self, outcome: str, number: int) -> None:
        """Records ended in another way."""
        self.common.counted(outcome, number)

"""The catalogue of escalation's own metrics. Labels are closed by the profile; counted once for each saved decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.advisories import (
    AdvisoryDeclined,
    AdvisoryEvent,
    AdvisoryIssued,
    AdvisoryKind,
    AdvisoryMeasured,
    AdvisoryProposed,
    AdvisoryReplied,
    ClosingsFlagged,
    Effect,
)
from shared.contracts.base import Event
from shared.contracts.escalations import (
    CaseEscalated,
    ClockBreached,
    ClockBreachWithdrawn,
    ClockExtensionIgnored,
    ClockKind,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    TeamAbsent,
    TeamCheckedIn,
    TeamMusterFailed,
    TeamOnScene,
    TeamStoodDown,
    TeamSubstituted,
    TeamSummoned,
    Verdict,
)
from shared.contracts.work import WorkKind, WorkMadeGood, WorkMissed, WorkRecorded
from shared.infra.engine.fold import Applied

PREFIX = "gridwhistle_escalation"
CLOCK_EVENTS = ("started", "warned", "breached", "breach_withdrawn", "extension_ignored", "on_time", "late", "void")
TEAM_EVENTS = ("summoned", "on_scene", "muster_failed", "stood_down")
WHISTLE_REASONS = ("opening", "hand", "ladder", "refusals", "muster_failed")
LEVELS = ("1", "2", "3")
WORK_EVENTS = ("recorded", "missed", "excused", "made_good")
ADVISORY_EVENTS: dict[type[Event], str] = {
    AdvisoryProposed: "proposed",
    AdvisoryIssued: "issued",
    AdvisoryDeclined: "declined",
    AdvisoryReplied: "replied",
}

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
LATENESS = (
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY,
)  # fmt: skip
MUSTER = tuple(minutes * _MINUTE for minutes in (2, 5, 10, 15, 20, 30, 45, 60, 90, 120))


@dataclass(frozen=True, slots=True)
class EscalationMetrics:
    """What escalation counts."""

    clocks: Counter
    breaches: Counter
    lateness: Histogram
    levels: Counter
    teams: Counter
    whistles: Counter
    muster: Histogram
    attendance: Counter
    work: Counter
    advisories: Counter
    effects: Counter
    flags: Counter
    unwatched: Gauge
    audited_at: Gauge

    @classmethod
    def create(cls, registry: CollectorRegistry) -> Self:
        """Register the metrics."""

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[int, ...]) -> Histogram:
            return Histogram(f"{PREFIX}_{name}", text, ["district"], buckets=buckets, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"{PREFIX}_{name}", text, registry=registry)

        return cls(
            clocks=counter("clocks", "Clocks by what became of them.", "district", "kind", "event"),
            breaches=counter("breaches", "Limits that passed, by owner.", "district", "department", "kind"),
            lateness=histogram("lateness_seconds", "How late what was late happened.", LATENESS),
            levels=counter("levels", "Rises to a level of escalation.", "district", "level"),
            teams=counter("teams", "Joint teams by what became of them.", "district", "event"),
            whistles=counter("whistles", "Whistles blown, further rounds included.", "district", "reason"),
            muster=histogram("muster_seconds", "From the first whistle to the quorum on site.", MUSTER),
            attendance=counter("attendance", "Members by whether they came.", "district", "department", "outcome"),
            work=counter("work", "What grid workers owe, by what became of it.", "district", "kind", "event"),
            advisories=counter("advisories", "Advisories by what became of them.", "district", "kind", "event"),
            effects=counter("advisory_effects", "Whether reports fell after an advisory.", "district", "effect"),
            flags=counter("flagged_closings", "Days with closings in bulk before the limit.", "district", "department"),
            unwatched=gauge("unwatched_cases", "Open cases without a due instant at the last audit; must be 0."),
            audited_at=gauge("audit_timestamp_seconds", "When the last clean audit ended, in seconds since 1970."),
        )

    def introduce(self, district: str) -> None:
        """Start the series of a district at zero, so that a rate exists before the first event."""
        for kind in ClockKind:
            for event in CLOCK_EVENTS:
                self.clocks.labels(district, kind, event)
        for work in WorkKind:
            for event in WORK_EVENTS:
                self.work.labels(district, work, event)
        for counter, values in ((self.levels, LEVELS), (self.teams, TEAM_EVENTS), (self.whistles, WHISTLE_REASONS)):
            for value in values:
                counter.labels(district, value)
        self._introduce_advisories(district)
        self.lateness.labels(district)
        self.muster.labels(district)

    def _introduce_advisories(self, district: str) -> None:
        for kind in AdvisoryKind:
            for event in ADVISORY_EVENTS.values():
                self.advisories.labels(district, kind, event)
        for effect in Effect:
            self.effects.labels(district, effect)

    def applied(self, applied: Applied[Any]) -> None:
        """Count what a saved decision said."""
        for event in applied.decision.events:
            count = _COUNT.get(type(event))
            if count is not None:
                count(self, event)


def _started(metrics: EscalationMetrics, event: ClockStarted) -> None:
    metrics.clocks.labels(event.district, event.kind, "started").inc()


def _warned(metrics: EscalationMetrics, event: ClockWarned) -> None:
    metrics.clocks.labels(event.district, event.kind, "warned").inc()


def _breached(metrics: EscalationMetrics, event: ClockBreached) -> None:
    metrics.clocks.labels(event.district, event.kind, "breached").inc()
    metrics.breaches.labels(event.district, event.owner, event.kind).inc()


def _withdrawn(metrics: EscalationMetrics, event: ClockBreachWithdrawn) -> None:
    metrics.clocks.labels(event.district, event.kind, "breach_withdrawn").inc()


def _extension_ignored(metrics: EscalationMetrics, event: ClockExtensionIgnored) -> None:
    metrics.clocks.labels(event.district, event.kind, "extension_ignored").inc()


def _advised(metrics: EscalationMetrics, event: AdvisoryEvent) -> None:
    metrics.advisories.labels(event.district, event.kind, ADVISORY_EVENTS[type(event)]).inc()


def _measured(metrics: EscalationMetrics, event: AdvisoryMeasured) -> None:
    metrics.effects.labels(event.district, event.effect).inc()


def _flagged(metrics: EscalationMetrics, event: ClosingsFlagged) -> None:
    metrics.flags.labels(event.district, event.department).inc()


def _stopped(metrics: EscalationMetrics, event: ClockStopped) -> None:
    metrics.clocks.labels(event.district, event.kind, event.verdict).inc()
    if event.verdict is Verdict.LATE:
        metrics.lateness.labels(event.district).observe(event.late_by)


def _escalated(metrics: EscalationMetrics, event: CaseEscalated) -> None:
    metrics.levels.labels(event.district, str(event.level)).inc()


def _summoned(metrics: EscalationMetrics, event: TeamSummoned) -> None:
    metrics.whistles.labels(event.district, event.reason).inc()
    if event.round == 1:
        metrics.teams.labels(event.district, "summoned").inc()


def _on_scene(metrics: EscalationMetrics, event: TeamOnScene) -> None:
    metrics.teams.labels(event.district, "on_scene").inc()
    metrics.muster.labels(event.district).observe(event.muster_seconds)


def _muster_failed(metrics: EscalationMetrics, event: TeamMusterFailed) -> None:
    metrics.teams.labels(event.district, "muster_failed").inc()


def _stood_down(metrics: EscalationMetrics, event: TeamStoodDown) -> None:
    metrics.teams.labels(event.district, "stood_down").inc()


def _checked_in(metrics: EscalationMetrics, event: TeamCheckedIn) -> None:
    metrics.attendance.labels(event.district, event.department, "present" if event.on_time else "late").inc()


def _absent(metrics: EscalationMetrics, event: TeamAbsent) -> None:
    metrics.attendance.labels(event.district, event.department, "absent").inc()


def _substituted(metrics: EscalationMetrics, event: TeamSubstituted) -> None:
    metrics.attendance.labels(event.district, event.department, "substituted").inc()


def _recorded(metrics: EscalationMetrics, event: WorkRecorded) -> None:
    metrics.work.labels(event.district, event.kind, "recorded").inc()


def _missed(metrics: EscalationMetrics, event: WorkMissed) -> None:
    metrics.work.labels(event.district, event.kind, "missed").inc(len(event.places))
    metrics.work.labels(event.district, event.kind, "excused").inc(event.excused)


def _made_good(metrics: EscalationMetrics, event: WorkMadeGood) -> None:
    metrics.work.labels(event.district, event.kind, "made_good").inc()


_COUNT: dict[type[Event], Callable[[EscalationMetrics, Any], None]] = {
    ClockStarted: _started,
    ClockWarned: _warned,
    ClockBreached: _breached,
    ClockBreachWithdrawn: _withdrawn,
    ClockExtensionIgnored: _extension_ignored,
    **dict.fromkeys(ADVISORY_EVENTS, _advised),
    AdvisoryMeasured: _measured,
    ClosingsFlagged: _flagged,
    ClockStopped: _stopped,
    CaseEscalated: _escalated,
    TeamSummoned: _summoned,
    TeamOnScene: _on_scene,
    TeamMusterFailed: _muster_failed,
    TeamStoodDown: _stood_down,
    TeamCheckedIn: _checked_in,
    TeamAbsent: _absent,
    TeamSubstituted: _substituted,
    WorkRecorded: _recorded,
    WorkMissed: _missed,
    WorkMadeGood: _made_good,
}

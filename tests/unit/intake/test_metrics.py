"""Metrics: the catalogue, its closed labels, and that every record is counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from services.intake.domain.decide import decide
from services.intake.domain.model import Refused
from services.intake.domain.reading import Kind
from services.intake.metrics import IntakeMetrics, IntakeObserver
from shared.contracts.incidents import Suggestion
from shared.decision import Poison
from shared.infra.engine import Input
from shared.infra.engine.fold import Applied, Rejection
from shared.infra.metrics import EngineMetrics
from tests.unit.intake.test_decide import MATCH, submission
from tests.unit.intake.world import DISTRICT, INDEX, NOW, record


def counted() -> tuple[IntakeObserver, CollectorRegistry]:
    """Return an observer that knows one district."""
    registry = CollectorRegistry()
    metrics = IntakeMetrics.create(registry)
    metrics.know(INDEX)
    return IntakeObserver.create(EngineMetrics.create(registry, "intake"), metrics), registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """Return a sample."""
    return registry.get_sample_value(f"gridwhistle_intake_{name}", labels)


def rejection(poison: Poison, kind: Kind = Kind.REPORT, **where: Any) -> Rejection:
    """Return a refusal of a record."""
    return Rejection(Input("", "c", Refused(poison, kind), record(b"", **where)), poison, None)


def test_series_start_at_zero_when_a_profile_is_loaded() -> None:
    """A rate exists before the first report does."""
    _, registry = counted()
    labels = {"district": DISTRICT, "partner": "grid-app"}
    assert value(registry, "reports_total", outcome="merged", **labels) == 0
    assert value(registry, "commands_total", outcome="rejected", **labels) == 0
    assert value(registry, "located_total", district=DISTRICT, precision="polygon") == 0
    assert value(registry, "http_requests_total", route="/v1/reports", status="202") == 0


def test_every_outcome_is_counted_under_its_partner() -> None:
    """Accepted, merged, duplicate, conflict, rejected; places only of what was new."""
    observer, registry = counted()
    first = decide(None, submission(), NOW)
    for state, event in ((None, submission()), (None, submission(MATCH)), (first.state, submission())):
        observer.applied(Applied(Input("a", "c", event), decide(state, event, NOW)))
    observer.rejected(rejection(Poison("conflicting-duplicate", "No.")))
    observer.rejected(rejection(Poison("bad-json", "No.")))
    labels = {"district": DISTRICT, "partner": "grid-app"}
    for outcome in ("accepted", "merged", "duplicate", "conflict", "rejected"):
        assert value(registry, "reports_total", outcome=outcome, **labels) == 1
    assert value(registry, "located_total", district=DISTRICT, precision="polygon") == 2
    assert value(registry, "decisions_total", reason="merged") == 1
    assert value(registry, "dead_letters_total", error="bad-json") == 1


def test_a_refused_command_is_no_report() -> None:
    """Each has its own conservation."""
    observer, registry = counted()
    observer.rejected(rejection(Poison("forbidden", "No."), Kind.COMMAND))
    labels = {"district": DISTRICT, "partner": "grid-app"}
    assert value(registry, "commands_total", outcome="rejected", **labels) == 1
    assert value(registry, "reports_total", outcome="rejected", **labels) == 0


def test_strangers_become_no_labels() -> None:
    """Whatever topics somebody creates, the series stay few."""
    observer, registry = counted()
    observer.rejected(rejection(Poison("unknown-partner", "No."), id_="stranger"))
    observer.rejected(rejection(Poison("unknown-district", "No."), district="999999"))
    assert value(registry, "reports_total", district="000000", partner="unknown", outcome="rejected") == 2
    assert b"stranger" not in generate_latest(registry)
    observer.counted("duplicate", 3)
    assert value(registry, "records_total", outcome="duplicate") == 3


def test_what_texts_suggested_is_counted() -> None:
    """Opened, triaged with it, or silent; a report whose partner named its category suggests nothing."""
    observer, registry = counted()
    said = Suggestion(category="E06010", confidence=0.85, source="words@3")
    for category, suggested in (("E06010", said), (None, said), (None, None), ("E06010", None)):
        event = submission()
        event = replace(event, draft=replace(event.draft, category=category, suggested=suggested))
        observer.applied(Applied(Input("a", "c", event), decide(None, event, NOW)))
    for outcome in ("opened", "triaged", "silent"):
        assert value(registry, "suggestions_total", district=DISTRICT, outcome=outcome) == 1
    assert value(registry, "suggestion_confidence_bucket", district=DISTRICT, le="0.9") == 2
    assert value(registry, "suggestion_confidence_bucket", district=DISTRICT, le="0.8") == 0

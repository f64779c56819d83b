"""The router's catalogue: closed labels, zero from the start, each decision counted once."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.router.metrics import OpenWork, RouterMetrics
from shared.contracts import commands as say
from shared.contracts.incidents import Suggestion
from shared.infra.engine import Input
from shared.infra.engine.fold import Applied
from shared.infra.metrics import EngineMetrics
from tests.support.routing import CENTRE, GRID, HOUR, NINE, PROFILE, USUAL, Story, dept, merged, report


@pytest.fixture
def registry() -> CollectorRegistry:
    """Give a registry of the test's own."""
    return CollectorRegistry()


def test_a_counter_is_one_series(registry: CollectorRegistry) -> None:
    """Not a second one with when it was made."""
    EngineMetrics.create(registry, "router").records.labels("applied").inc()
    told = generate_latest(registry).decode()
    assert "gridwhistle_router_records_total" in told
    assert "_created" not in told


@pytest.fixture
def metrics(registry: CollectorRegistry) -> RouterMetrics:
    """Give the catalogue, knowing the district."""
    made = RouterMetrics.create(registry)
    made.know(USUAL.profile)
    return made


def value(registry: CollectorRegistry, name: str, **labels: Any) -> float | None:
    """Return one series of the district."""
    return registry.get_sample_value(f"gridwhistle_router_{name}", {"district": "620802", **labels})


def heard(metrics: RouterMetrics, story: Story, event: Any) -> None:
    """Apply an event and let the metrics hear of it, as the engine does."""
    story.apply(event)
    assert story.last is not None
    metrics.applied(Applied(Input("", "", event), story.last))


@pytest.mark.usefixtures("metrics")
def test_every_series_of_a_district_is_there_before_anything_happens(registry: CollectorRegistry) -> None:
    """So that a rate exists from the first event on."""
    for event in ("opened", "triaged", "closed", "withdrawn", "reopened", "merged"):
        assert value(registry, "cases_total", event=event) == 0
    for department in PROFILE["departments"]:
        for event in ("assigned", "accepted", "completed", "returned", "superseded"):
            assert value(registry, "tasks_total", department=department["code"], event=event) == 0
    assert value(registry, "rule_matches_total", rule="flood") == 0
    assert value(registry, "rule_matches_total", rule="default") == 0
    assert value(registry, "handling_seconds_count") == 0


def test_a_course_of_events_is_counted(registry: CollectorRegistry, metrics: RouterMetrics) -> None:
    """Each once, late news of what is known already not at all."""
    story = Story()
    heard(metrics, story, report("E06010", text="积水"))
    heard(metrics, story, merged(story.known().case_id))
    story.now += 2 * HOUR
    for department in ("housing", "civil-affairs", "water"):
        heard(metrics, story, story.command(say.CompleteTask, dept(department), department=department))
    heard(metrics, story, story.command(say.AcceptTask, dept("housing"), department="housing", at=NINE))
    heard(metrics, story, story.command(say.VerifyCase, GRID, ok=True))
    counted = {event: value(registry, "cases_total", event=event) for event in ("opened", "merged", "closed")}
    assert counted == {"opened": 1, "merged": 1, "closed": 1}
    assert value(registry, "tasks_total", department="housing", event="accepted") == 1
    assert value(registry, "tasks_total", department="water", event="completed") == 1
    assert value(registry, "rule_matches_total", rule="flood") == 1
    assert value(registry, "handling_seconds_sum") == 7200


def test_the_gauges_show_what_is_open_and_forget_what_is_not(
    registry: CollectorRegistry, metrics: RouterMetrics
) -> None:
    """What nobody has is 0, not absent; a department that left the profile keeps no old figure."""
    metrics.show(OpenWork({("620802", "triage"): 2}, {("620802", "gone", "assigned"): 1}), [USUAL.profile])
    assert value(registry, "open_cases", state="triage") == 2
    assert value(registry, "open_cases", state="resolved") == 0
    assert value(registry, "open_tasks", department="gone", state="assigned") == 1
    metrics.show(OpenWork({}, {}), [USUAL.profile])
    assert value(registry, "open_cases", state="triage") == 0
    assert value(registry, "open_tasks", department="gone", state="assigned") is None
    assert value(registry, "open_tasks", department="urban", state="on_hold") == 0


def test_answers_are_counted_beside_what_the_text_suggested(
    registry: CollectorRegistry, metrics: RouterMetrics
) -> None:
    """Agreed, corrected, or given without help; a case that opened by itself is none."""
    for category, answer in (("E06010", "E06010"), ("D0402", "E06010"), (None, "E06010")):
        said = category and Suggestion(category=category, confidence=0.5, source="words@3")
        story = Story()
        heard(metrics, story, report(None, suggested=said))
        heard(metrics, story, story.command(say.ClassifyCase, CENTRE, category=answer))
    heard(metrics, Story(), report("E06010"))
    for verdict in ("agreed", "corrected", "unaided"):
        assert value(registry, "triage_answers_total", verdict=verdict) == 1

"""The catalogue: every series of a district exists from the start, and every saved decision is counted."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from services.escalation.domain.model import Case
from services.escalation.metrics import CLOCK_EVENTS, EscalationMetrics
from shared.contracts.escalations import ClockKind
from shared.decision import Tick
from shared.infra.engine import Input
from shared.infra.engine.fold import Applied
from tests.unit.escalation.district import CASE, DISTRICT
from tests.unit.escalation.world import World

PREFIX = "gridwhistle_escalation"


@pytest.fixture
def registry() -> CollectorRegistry:
    """Return a registry of its own."""
    return CollectorRegistry()


def count(metrics: EscalationMetrics, world: World) -> None:
    """Count everything a world decided, as the engine's observer would."""
    for decision in world.decisions:
        metrics.applied(Applied[Case](Input(CASE, "", Tick(CASE)), decision))


def test_a_story_is_counted(registry: CollectorRegistry) -> None:
    """A joint case that is late, whose team fails once, comes, and goes home."""
    metrics = EscalationMetrics.create(registry)
    world = World()
    world.opened(joint=True, assists=("civil", "police"))
    world.assigned(accept_limit=None)
    world.check_in("housing")
    world.substitute("police", by="emergency")
    world.at("2026-07-01T09:40").check_in("civil")
    world.at("2026-07-01T13:10").completed()
    count(metrics, world)

    counted = {
        ("clocks_total", "kind=handle", "event=started"): 1,
        ("clocks_total", "kind=handle", "event=warned"): 2,
        ("clocks_total", "kind=handle", "event=breached"): 1,
        ("clocks_total", "kind=handle", "event=late"): 1,
        ("breaches_total", "department=housing", "kind=handle"): 1,
        ("lateness_seconds_sum",): 600,
        ("whistles_total", "reason=opening"): 1,
        ("whistles_total", "reason=muster_failed"): 1,
        ("teams_total", "event=summoned"): 1,
        ("teams_total", "event=muster_failed"): 1,
        ("teams_total", "event=on_scene"): 1,
        ("teams_total", "event=stood_down"): 1,
        ("muster_seconds_sum",): 2400,
        ("levels_total", "level=1"): 1,
        ("attendance_total", "department=housing", "outcome=present"): 1,
        ("attendance_total", "department=civil", "outcome=late"): 1,
        ("attendance_total", "department=emergency", "outcome=absent"): 2,
        ("attendance_total", "department=police", "outcome=substituted"): 1,
    }
    for (name, *pairs), expected in counted.items():
        labels = dict(pair.split("=") for pair in pairs)
        assert registry.get_sample_value(f"{PREFIX}_{name}", {"district": DISTRICT, **labels}) == expected, name


def test_a_withdrawn_breach_is_counted(registry: CollectorRegistry) -> None:
    """Breaches minus withdrawals is what stands."""
    metrics = EscalationMetrics.create(registry)
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    world.at("2026-07-01T13:10").completed(occurred="2026-07-01T12:00")
    count(metrics, world)
    labels = {"district": DISTRICT, "kind": "handle"}
    assert registry.get_sample_value(f"{PREFIX}_clocks_total", {**labels, "event": "breach_withdrawn"}) == 1
    assert registry.get_sample_value(f"{PREFIX}_clocks_total", {**labels, "event": "on_time"}) == 1


def test_the_series_of_a_district_start_at_zero(registry: CollectorRegistry) -> None:
    """So that a rate exists before the first event."""
    EscalationMetrics.create(registry).introduce(DISTRICT)
    for kind in ClockKind:
        for event in CLOCK_EVENTS:
            labels = {"district": DISTRICT, "kind": kind.value, "event": event}
            assert registry.get_sample_value(f"{PREFIX}_clocks_total", labels) == 0
    assert registry.get_sample_value(f"{PREFIX}_muster_seconds_count", {"district": DISTRICT}) == 0
    assert registry.get_sample_value(f"{PREFIX}_unwatched_cases") == 0

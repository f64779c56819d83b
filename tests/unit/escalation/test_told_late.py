"""What is told late makes nobody late who could not know: the centre's clocks, and the ladder of a late report."""

from __future__ import annotations

import pytest

from shared.contracts.escalations import CaseEscalated, ClockBreached, ClockStarted, ClockWarned, Verdict
from tests.unit.escalation.district import local
from tests.unit.escalation.world import World, names, of

TWO_DAYS_AGO = "2026-06-29T09:00"


def test_a_completion_dated_back_leaves_the_centre_its_time_to_verify() -> None:
    """Else a department could have its case close by itself unseen."""
    world = World()
    world.opened(limits=())
    world.assigned()
    world.completed(occurred=TWO_DAYS_AGO)
    (started,) = of(world.resolved("2 working_hours", TWO_DAYS_AGO), ClockStarted)
    assert (started.started_at, started.due_at) == (local("2026-07-01T09:00"), local("2026-07-01T11:00"))


@pytest.mark.parametrize("what", ["triage", "arbitrate"])
def test_the_centre_has_its_time_to_sort_and_to_settle(what: str) -> None:
    """From when it could know."""
    world = World()
    if what == "triage":
        world.triaged("60 clock_minutes", TWO_DAYS_AGO)
    else:
        world.opened(limits=())
        world.assigned()
        world.returned(occurred=TWO_DAYS_AGO)
    clock = next(one for one in world.state.clocks if one.kind == what)
    assert (clock.due_at, clock.breached_at) == (local("2026-07-01T10:00"), None)


def test_a_report_that_comes_late_climbs_the_ladder_from_when_it_came() -> None:
    """Its verdict is by its own time; warnings before it came are not given, and levels are not skipped through."""
    world = World()
    said = world.opened(opened_at=local(TWO_DAYS_AGO))
    assert names(said) == ["clock.started", "clock.breached", "case.escalated"]
    assert [event.occurred_at for event in of(said, ClockBreached)] == [local("2026-07-01T09:00")]
    assert of(said, ClockWarned) == []
    said = world.tick("2026-07-01T10:00")
    assert [(event.level, event.occurred_at) for event in of(said, CaseEscalated)] == [(2, local("2026-07-01T10:00"))]
    world.resolved(verify=None)
    clock = world.clock("case")
    assert (clock.due_at, clock.verdict) == (local("2026-06-29T17:00"), Verdict.LATE)

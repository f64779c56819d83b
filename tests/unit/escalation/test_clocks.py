"""Clocks by hand-computed instants: when they are due, warn, breach, and what their verdict is."""

from __future__ import annotations

import pytest

from services.escalation.domain.model import What
from shared.contracts.cases import TaskCompleted
from shared.contracts.escalations import (
    ClockBreached,
    ClockBreachWithdrawn,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    Verdict,
)
from tests.unit.escalation.district import CASE, limit, local
from tests.unit.escalation.world import World, names, of

# 2026: National Day 1-7 October, make-up days Sunday 20 September and Saturday 10 October; seven hours a day.
HANDLE = [
    ("2026-10-09T17:00", "2 working_hours", "2026-10-09T18:00", "2026-10-10T09:06", "2026-10-10T09:30"),
    ("2026-09-30T16:00", "3 working_hours", "2026-09-30T17:30", "2026-10-08T08:54", "2026-10-08T09:30"),
    ("2026-07-01T11:30", "60 working_minutes", "2026-07-01T12:00", "2026-07-01T14:48", "2026-07-01T15:00"),
    ("2026-07-01T23:30", "2 clock_hours", "2026-07-02T00:30", "2026-07-02T01:06", "2026-07-02T01:30"),
    ("2026-07-01T12:00", "1 calendar_days", "2026-07-02T06:00", "2026-07-02T16:48", "2026-07-03T00:00"),
    ("2026-07-03T17:59", "1 working_days", "2026-07-06T11:59:30", "2026-07-06T16:35:48", "2026-07-06T18:00"),
]


@pytest.mark.parametrize(("start", "length", "half", "most", "end"), HANDLE)
def test_a_task_warns_at_its_fractions_and_breaches_at_its_end(
    start: str, length: str, half: str, most: str, end: str
) -> None:
    """Over a make-up Saturday, National Day, lunch and midnight, in minutes, hours and days."""
    world = World(start)
    world.opened(limits=())
    world.assigned(accept_limit=None, stages=({"name": "handle", "limit": limit(length)},))
    said = world.tick("2026-10-20T00:00")
    assert [(event.occurred_at, event.fraction) for event in of(said, ClockWarned)] == [
        (local(half), 0.5),
        (local(most), 0.8),
    ]
    (breached,) = of(said, ClockBreached)
    assert breached.occurred_at == breached.due_at == local(end)
    assert (breached.owner, breached.task_id) == ("housing", f"{breached.case_id}/housing#1")


def test_a_started_clock_names_its_limit_and_calendar() -> None:
    """Whoever reads the event can compute the due instant again."""
    world = World()
    world.opened()
    (event,) = of(world.said, ClockStarted)
    assert (event.kind, event.owner, event.limit) == ("case", "housing", limit("8 clock_hours"))
    assert event.due_at == local("2026-07-01T17:00")
    assert event.calendar.startswith("chinesecalendar-")
    assert event.calendar.endswith("+620802@3")


def test_a_completion_in_time_is_on_time() -> None:
    """Up to and including the due instant."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    (stopped,) = of(world.at("2026-07-01T13:00").completed(), ClockStopped)
    assert (stopped.verdict, stopped.original_verdict, stopped.late_by) == (Verdict.ON_TIME, Verdict.ON_TIME, 0)


def test_a_late_completion_says_how_late() -> None:
    """The breach stands."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    said = world.at("2026-07-01T13:01").completed()
    assert names(said) == ["clock.stopped"]
    (stopped,) = of(said, ClockStopped)
    assert (stopped.verdict, stopped.late_by) == (Verdict.LATE, 60)


def test_a_completion_that_arrives_late_but_happened_in_time_withdraws_the_breach() -> None:
    """The verdict is by when it happened."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    said = world.at("2026-07-01T14:30").completed(occurred="2026-07-01T12:30")
    assert names(said) == ["clock.breach-withdrawn", "clock.stopped"]
    assert of(said, ClockStopped)[0].verdict is Verdict.ON_TIME
    assert [entry.what for entry in world.clock("housing#1/handle").ledger][-3:] == [
        What.BREACHED,
        What.WITHDRAWN,
        What.STOPPED,
    ]


def test_nothing_happens_later_than_it_became_known() -> None:
    """A partner's clock that runs ahead does not make it late."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    world.at("2026-07-01T12:59")
    (stopped,) = of(world.completed(occurred="2026-07-01T13:03"), ClockStopped)
    assert (stopped.verdict, stopped.occurred_at) == (Verdict.ON_TIME, local("2026-07-01T12:59"))


def test_a_service_that_was_down_decides_as_it_would_have_at_once() -> None:
    """Time passes to when a fact became known, not to when it is read: no breach, no rise, nothing to take back."""
    world = World()
    world.opened()
    world.assigned(accept_limit=None)
    world.at("2026-07-01T09:30")
    completed = world.event(TaskCompleted, task_id=f"{CASE}/housing#1", department="housing")
    world.now = local("2026-07-01T20:00")
    assert names(world.apply(completed)) == ["clock.stopped"]
    assert world.state.level == 0


def test_a_report_with_its_own_limit_has_one_clock_to_handle_and_none_in_stages() -> None:
    """`due_at` overrides the limits; the clock has no limit but a due instant."""
    world = World()
    world.opened(due_at=local("2026-07-03T09:00"))
    world.assigned(due_at=local("2026-07-03T09:00"), accept_limit=None)
    assert world.live() == {"case", "housing#1/handle"}
    started = of(world.said, ClockStarted)
    assert [(event.limit, event.due_at) for event in started] == [(None, local("2026-07-03T09:00"))] * 2
    assert world.state.next_at == local("2026-07-02T09:00"), "half of two days of clock time"


def test_a_due_instant_that_has_passed_breaches_at_once_without_warnings() -> None:
    """A report may come with its limit used up."""
    world = World()
    world.opened(due_at=local("2026-07-01T08:00"))
    said = world.at("2026-07-01T09:01").said
    assert of(said, ClockWarned) == []
    (breached,) = of(said, ClockBreached)
    assert (breached.due_at, breached.occurred_at) == (local("2026-07-01T08:00"), local("2026-07-01T09:00"))


def test_stages_each_have_a_clock_and_the_last_ends_with_the_task() -> None:
    """Stop within 4 hours, fine within 7 days, demolish within 20; progress ends a stage, completion the rest."""
    world = World()
    world.opened(limits=())
    stages = [("stop", "4 clock_hours"), ("fine", "7 calendar_days"), ("demolish", "20 working_days")]
    world.assigned(accept_limit=None, stages=[{"name": name, "limit": length} for name, length in stages])
    assert [(event.clock_id.rpartition("/")[2], event.kind) for event in of(world.said, ClockStarted)] == [
        ("stop", "stage"),
        ("fine", "stage"),
        ("demolish", "handle"),
    ]
    world.at("2026-07-01T11:00")
    assert names(world.progressed("stop")) == ["clock.stopped"]
    assert names(world.progressed("demolish")) == [], "the last stage ends with the task only"
    assert names(world.progressed(None)) == []
    assert [event.verdict for event in of(world.at("2026-07-10T09:00").completed(), ClockStopped)] == [
        Verdict.LATE,
        Verdict.ON_TIME,
    ]


def test_an_earlier_acceptance_that_comes_after_the_end_is_history() -> None:
    """An ended clock keeps its verdict."""
    world = World()
    world.opened()
    world.assigned()
    world.at("2026-07-01T09:20").accepted()
    assert world.accepted(occurred="2026-07-01T09:10") == []
    assert world.reasons[-1] == "overtaken"


def test_breach_withdrawn_names_the_clock() -> None:
    """Consumers find the breach they have to forget."""
    world = World()
    world.opened()
    world.assigned()
    (withdrawn,) = of(world.at("2026-07-01T09:40").accepted(occurred="2026-07-01T09:30"), ClockBreachWithdrawn)
    assert withdrawn.clock_id == f"{CASE}/housing#1/accept"

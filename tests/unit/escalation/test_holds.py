"""What moves a due instant: holds across nights and holidays, their ends, extensions."""

from __future__ import annotations

from datetime import timedelta

from services.escalation.domain.model import What
from shared.contracts.cases import TaskHeld
from shared.contracts.escalations import ClockBreached, ClockStopped, ClockWarned, Verdict
from shared.contracts.limits import LimitUnit
from shared.district.calendar import Remaining
from tests.unit.escalation.district import CASE, local
from tests.unit.escalation.world import World, names, of

HANDLE = "housing#1/handle"


def handling(start: str = "2026-07-01T09:00", length: str = "4 clock_hours") -> World:
    """Return a case whose lead has one clock."""
    world = World(start)
    world.opened(limits=())
    world.assigned(accept_limit=None, stages=({"name": "handle", "limit": length},))
    return world


def test_a_hold_across_a_holiday_gives_back_exactly_what_was_left() -> None:
    """Three working hours left before National Day are three working hours after it, lunch apart."""
    world = handling("2026-09-30T15:30", "4 working_hours")
    world.at("2026-09-30T16:30").held()
    assert world.tick("2026-10-08T10:00") == [], "a held clock is silent"
    world.resumed()
    clock = world.clock(HANDLE)
    assert clock.due_at == local("2026-10-08T15:30")
    assert clock.original_due_at == local("2026-10-08T10:00")
    assert [(entry.what, entry.left, entry.due) for entry in clock.ledger[1:]] == [
        (What.HELD, Remaining(unit=LimitUnit.WORKING_HOURS, time=timedelta(hours=3)), None),
        (What.RESUMED, None, local("2026-10-08T15:30")),
    ]


def test_warnings_after_a_hold_count_what_ran_before_it() -> None:
    """Half of four hours is used one hour after the resumption when one hour had run before."""
    world = handling()
    world.at("2026-07-01T10:00").held()
    world.at("2026-07-01T15:00").resumed()
    said = world.tick("2026-07-01T19:00")
    assert [event.occurred_at for event in of(said, ClockWarned)] == [
        local("2026-07-01T16:00"),
        local("2026-07-01T17:12"),
    ]
    assert [event.occurred_at for event in of(said, ClockBreached)] == [local("2026-07-01T18:00")]


def test_a_hold_until_an_instant_ends_by_itself() -> None:
    """Nobody has to resume it; a resumption that comes later finds it running."""
    world = handling()
    world.at("2026-07-01T10:00").held(until="2026-07-01T12:00")
    world.at("2026-07-01T12:30")
    assert world.reasons[-1] == "resumed"
    assert world.clock(HANDLE).due_at == local("2026-07-01T15:00")
    world.resumed()
    assert world.reasons[-1] == "overtaken"
    assert world.clock(HANDLE).due_at == local("2026-07-01T15:00")


def test_a_hold_that_was_lifted_before_its_end_gives_no_more_than_it_was() -> None:
    """The resumption at 11:00 becomes known after the hold ended by itself at 12:00."""
    world = handling()
    world.at("2026-07-01T10:00").held(until="2026-07-01T12:00")
    world.at("2026-07-01T13:00").resumed(occurred="2026-07-01T11:00")
    assert world.clock(HANDLE).due_at == local("2026-07-01T14:00")


def test_a_hold_before_the_breach_that_becomes_known_after_it_withdraws_it() -> None:
    """The clock had been standing when it seemed to run out."""
    world = handling()
    said = world.at("2026-07-01T13:30").held(occurred="2026-07-01T12:00")
    assert names(said) == ["clock.breach-withdrawn"]
    assert world.at("2026-07-01T15:00").resumed() == []
    assert world.clock(HANDLE).due_at == local("2026-07-01T16:00")


def test_a_clock_that_has_run_out_cannot_be_held() -> None:
    """Nothing is left to hold; the breach stands and the ladder goes on."""
    world = handling()
    assert world.at("2026-07-01T13:30").held() == []
    assert world.reasons[-1] == "nothing_to_hold"
    assert world.clock(HANDLE).breached_at == local("2026-07-01T13:00")


def test_a_hold_without_length_is_none() -> None:
    """`until` in the past holds nothing."""
    world = handling()
    world.at("2026-07-01T10:00").held(until="2026-07-01T09:30")
    assert world.clock(HANDLE).hold is None


def test_a_task_completed_while_held_is_on_time() -> None:
    """With the due instant it would have had if it had been resumed that moment."""
    world = handling()
    world.at("2026-07-01T10:00").held()
    (stopped,) = of(world.at("2026-07-03T10:00").completed(), ClockStopped)
    assert (stopped.verdict, stopped.original_verdict) == (Verdict.ON_TIME, Verdict.LATE)
    assert stopped.due_at == local("2026-07-03T13:00")
    assert stopped.original_due_at == local("2026-07-01T13:00")


def test_a_hold_stops_all_clocks_of_the_task_and_not_the_reporters() -> None:
    """Acceptance and handling stand; the case's own clock runs on."""
    world = World()
    world.opened()
    world.assigned()
    world.at("2026-07-01T09:10").held()
    assert {clock.key for clock in world.state.clocks if clock.hold} == {"housing#1/accept", HANDLE}
    assert world.clock("case").hold is None


def test_an_extension_moves_the_limit_and_keeps_the_original() -> None:
    """Late by the original limit, in time by the extended one."""
    world = handling()
    world.at("2026-07-01T12:00").extended("2 clock_hours")
    (stopped,) = of(world.at("2026-07-01T14:00").completed(), ClockStopped)
    assert (stopped.due_at, stopped.original_due_at) == (local("2026-07-01T15:00"), local("2026-07-01T13:00"))
    assert (stopped.verdict, stopped.original_verdict) == (Verdict.ON_TIME, Verdict.LATE)


def test_an_extension_does_not_touch_the_time_to_accept() -> None:
    """It is of the limit to handle."""
    world = World()
    world.opened()
    world.assigned()
    world.extended("2 clock_hours")
    assert world.clock("housing#1/accept").due_at == local("2026-07-01T09:30")
    assert world.clock(HANDLE).due_at == local("2026-07-01T15:00")


def test_an_extension_given_in_time_but_known_late_withdraws_the_breach() -> None:
    """And the clock breaches again when the new limit passes."""
    world = handling()
    said = world.at("2026-07-01T13:30").extended("1 clock_hours", occurred="2026-07-01T12:50")
    assert names(said) == ["clock.breach-withdrawn"]
    assert names(world.tick("2026-07-01T14:00")) == ["clock.breached"]


def test_an_extension_while_held_gives_more_to_come_back_to() -> None:
    """One hour used, three left, two more: five hours after the resumption."""
    world = handling()
    world.at("2026-07-01T10:00").held()
    world.at("2026-07-01T11:00").extended("120 clock_minutes")
    world.at("2026-07-02T10:00").resumed()
    assert world.clock(HANDLE).due_at == local("2026-07-02T15:00")


def test_an_extension_in_days_is_counted_from_the_last_day() -> None:
    """Two more working days after a Friday are Tuesday's close of business."""
    world = handling("2026-07-01T09:00", "2 working_days")
    assert world.clock(HANDLE).due_at == local("2026-07-03T18:00")
    world.extended("2 working_days")
    assert world.clock(HANDLE).due_at == local("2026-07-07T18:00")


def test_a_second_hold_measures_from_the_first_resumption() -> None:
    """Holds add up; time between them is used."""
    world = handling()
    world.at("2026-07-01T10:00").held()
    world.at("2026-07-01T11:00").resumed()
    world.at("2026-07-01T12:00").held()
    world.at("2026-07-01T18:00").resumed()
    assert world.clock(HANDLE).due_at == local("2026-07-01T20:00")
    assert world.clock(HANDLE).used_ms == 2 * 3_600_000


def test_a_hold_of_a_task_that_is_gone_changes_nothing() -> None:
    """An event about a superseded task has been overtaken."""
    world = handling()
    world.superseded()
    held = world.event(TaskHeld, task_id=f"{CASE}/housing#1", department="housing", reason="rain", approved_by="centre")
    assert world.apply(held) == []
    assert world.reasons[-1] == "nothing_to_hold"

"""Explaining a clock: its ledger computed again, its minutes counted by day, and every difference found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.escalation.domain.ledger import Explained, explain
from services.escalation.domain.model import Clock, Entry, What
from shared.contracts.cases import Outcome
from shared.contracts.escalations import Verdict
from tests.unit.escalation.district import limit, local
from tests.unit.escalation.test_holds import HANDLE, handling
from tests.unit.escalation.world import World


def told(world: World, key: str = HANDLE) -> Explained:
    """Return the explanation of a clock as it is stored."""
    return explain(world.clock(key), world.directory)


def test_working_minutes_are_counted_by_day() -> None:
    """Half past three before National Day to half past nine after it, with every day off between."""
    world = handling("2026-09-30T16:00", "3 working_hours")
    days = told(world).days
    assert [(day.day, day.amount) for day in days if day.amount] == [
        (date(2026, 9, 30), 120),
        (date(2026, 10, 8), 60),
    ]
    assert days[-1].total == 180
    assert {day.note for day in days if not day.amount} == {"no working time"}
    assert len(days) == 9


def test_days_are_counted_without_the_day_of_the_start() -> None:
    """Friday's evening counts nothing, the weekend neither, Monday is the one working day."""
    world = handling("2026-07-03T17:59", "1 working_days")
    assert [(day.day.day, day.amount, day.note) for day in told(world).days] == [
        (3, 0, "the day of the start is not counted"),
        (4, 0, "no working time"),
        (5, 0, "no working time"),
        (6, 1, ""),
    ]


def test_clock_minutes_are_counted_over_midnight() -> None:
    """Half an hour before, an hour and a half after."""
    world = handling("2026-07-01T23:30", "2 clock_hours")
    assert [(day.day.day, day.amount, day.total) for day in told(world).days] == [(1, 30, 30), (2, 90, 120)]


def test_what_stands_still_is_not_counted() -> None:
    """One hour before the hold, three after it."""
    world = handling()
    world.at("2026-07-01T10:00").held()
    world.at("2026-07-03T10:00").resumed()
    explained = told(world)
    assert [(day.day.day, day.amount) for day in explained.days] == [(1, 60), (3, 180)]
    assert explained.differences == ()
    assert [line.what for line in explained.lines] == [What.STARTED, What.HELD, What.RESUMED]
    assert explained.lines[1].says == "held, approved by centre, 180 minutes left"


def test_every_kind_of_line_is_computed_again() -> None:
    """Warned, held, lifted earlier than its end, extended, breached, withdrawn, owned, stopped."""
    world = World()
    world.opened()
    world.assigned()
    world.at("2026-07-01T09:10").held(until="2026-07-01T12:00")
    world.at("2026-07-01T12:10").resumed(occurred="2026-07-01T11:00")
    world.extended("60 clock_minutes")
    world.at("2026-07-01T12:20").returned()
    world.assigned("civil", role="lead", accept_limit=None)
    world.at("2026-07-01T16:30").completed("civil", occurred="2026-07-01T16:00")
    world.at("2026-07-01T18:00").resolved(occurred="2026-07-01T16:59")
    world.closed()
    world.at("2026-07-02T09:00").reopened()
    lines = {line.what for key in (clock.key for clock in world.state.clocks) for line in told(world, key).lines}
    assert lines == set(What)
    for clock in world.state.clocks:
        assert told(world, clock.key).differences == ()


def test_an_unverified_close_is_late_and_no_difference() -> None:
    """Its clock was breached at the very instant of the close."""
    world = World()
    world.opened()
    world.resolved()
    world.at("2026-07-03T18:00").closed(Outcome.SOLVED_UNVERIFIED)
    explained = told(world, "verify#1")
    assert explained.verdict is Verdict.LATE
    assert explained.differences == ()


def forged(clock: Clock, line: int, **changes: Any) -> Clock:
    """Return a clock with one line of its ledger changed."""
    entries = list(clock.ledger)
    entries[line] = Entry.model_validate({**entries[line].model_dump(), **changes})
    return clock.model_copy(update={"ledger": tuple(entries)})


@pytest.mark.parametrize(
    ("line", "changes", "found"),
    [
        (0, {"due": local("2026-07-01T14:00")}, "started"),
        (0, {"calendar": "another"}, "started"),
        (1, {"at": local("2026-07-01T10:59")}, "warned"),
        (2, {"left": None}, "held"),
        (3, {"due": local("2026-07-01T15:00")}, "resumed"),
        (4, {"limit": limit("2 clock_hours")}, "extended"),
        (6, {"at": local("2026-07-01T18:01")}, "breached"),
        (7, {"verdict": Verdict.ON_TIME}, "stopped"),
    ],
)
def test_a_changed_line_is_found(line: int, changes: dict[str, Any], found: str) -> None:
    """Whoever touches the ledger contradicts the calendar."""
    world = handling()
    world.at("2026-07-01T11:30").held()
    world.at("2026-07-01T13:00").resumed()
    world.at("2026-07-01T13:10").extended("1 clock_hours")
    world.at("2026-07-01T16:00").completed()
    clock = world.clock(HANDLE)
    assert [entry.what for entry in clock.ledger] == [
        What.STARTED,
        What.WARNED,
        What.HELD,
        What.RESUMED,
        What.EXTENDED,
        What.WARNED,
        What.BREACHED,
        What.STOPPED,
    ]
    assert explain(clock, world.directory).differences == ()
    differences = explain(forged(clock, line, **changes), world.directory).differences
    assert any(difference.startswith(found) for difference in differences), differences


@pytest.mark.parametrize(
    "changes",
    [
        {"due_at": local("2026-07-01T13:00:01")},
        {"breached_at": local("2026-07-01T13:00")},
        {"used_ms": 1},
        {"verdict": Verdict.VOID},
        {"owner": "civil"},
    ],
)
def test_a_clock_that_says_otherwise_than_its_ledger_is_found(changes: dict[str, Any]) -> None:
    """To the second."""
    world = handling()
    clock = world.clock(HANDLE).model_copy(update=changes)
    (difference,) = explain(clock, world.directory).differences
    assert difference.startswith(next(iter(changes)))


def test_another_calendar_is_found() -> None:
    """Computed by the rules of another version the due instant is another."""
    world = handling("2026-09-30T16:00", "3 working_hours")
    other = World("2026-09-30T16:00", calendar={"holidays": "none"})
    differences = explain(world.clock(HANDLE), other.directory).differences
    assert differences
    assert explain(world.clock(HANDLE), world.directory).due_at - local("2026-10-08T09:30") == timedelta(0)

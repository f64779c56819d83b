"""When closings in bulk just before the limit are a pattern (卡点办结), and that ordinary days are none."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.edges import Edge, burst
from shared.district.governance import Closings
from tests.support.abuse import Town, at, changed

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = Closings()
MORNING, EVENING = 8.5, 18.0


def ordinary(day: date, chance: random.Random, tasks: int) -> list[Edge]:
    """Return the tasks of a day that were completed with less than a tenth of their limit left.

    Each was given at some moment of the last two days, with four hours, eight hours or two days for it; half of the
    departments' people work towards the limit, so that three in ten end in its last tenth. Limits in days all end at
    the close of business: what is done for them on the last afternoon ends close together without anybody's intent.
    """
    found = []
    for number in range(tasks):
        if chance.random() > 0.3:
            continue
        hour = chance.uniform(MORNING, EVENING) if chance.random() < 0.7 else EVENING - abs(chance.gauss(0, 1.2))
        moment = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour)
        found.append(Edge(moment, f"620802-{day:%y%m%d}-{number:08}"))
    return sorted(found, key=lambda edge: edge.at)


@pytest.mark.parametrize("tasks", [5, 20, 60, 150])
def test_ordinary_days_are_never_flagged(tasks: int) -> None:
    """Sixty days of a department, small or large; whatever moment is looked at, nothing stands out."""
    chance, edges = random.Random(tasks), list[Edge]()
    for n in range(60):
        today = ordinary(date(2026, 3, 1) + timedelta(days=n), chance, tasks)
        edges = [one for one in edges if one.at > at("2026-03-01T00:00") + timedelta(days=n - POLICY.days)] + today
        if n >= 7 and today:
            found = burst(edges, {one.at for one in today}, POLICY, ZONE)
            assert found is None, (n, len(found.edges), found.usual)


@pytest.mark.parametrize("tasks", [5, 20, 60])
def test_a_department_that_clears_its_desk_at_the_last_minute_is_flagged(tasks: int) -> None:
    """After four ordinary weeks it closes four times as much as usual within twenty minutes."""
    chance, edges = random.Random(1), list[Edge]()
    for n in range(28):
        edges += ordinary(date(2026, 3, 1) + timedelta(days=n), chance, tasks)
    usual = len(edges) / 28
    number = max(POLICY.count, int(4 * usual) + 1)
    start = at("2026-03-29T17:30")
    bulk = [Edge(start + n * timedelta(minutes=20) / number, f"620802-260329-{n:08}") for n in range(number)]
    found = burst([*edges, *bulk], {bulk[0].at}, POLICY, ZONE)
    assert found is not None
    assert len(found.edges) >= number


def test_a_bulk_that_was_dated_back_is_found_where_it_claims_to_lie() -> None:
    """The messages came in the evening; the claimed moments are what lies close together."""
    claimed = [Edge(at("2026-03-02T11:55") + timedelta(seconds=n), f"620802-260302-{n:08}") for n in range(12)]
    later = [Edge(at("2026-03-02T16:00"), "620802-260302-aaaaaaaa")]
    found = burst([*claimed, *later], {one.at for one in claimed}, POLICY, ZONE)
    assert found is not None
    assert len(found.edges) == len(claimed)


def test_a_task_is_at_the_edge_by_working_time() -> None:
    """With four working hours, the last twenty-four minutes; a night between does not make it early."""
    for minutes, expected in ((25, False), (23, True)):
        town = Town("2026-07-01T16:00")
        town.report()
        town.say("housing", "task.accept")
        town.until("2026-07-02T09:00")
        town.cores.advance(town.clock("housing#1/handle").due_at - timedelta(minutes=minutes))
        town.complete()
        assert town.clock("housing#1/handle").edge is expected, minutes


def test_a_district_may_leave_it_out() -> None:
    """Then nothing is marked."""
    town = Town("2026-07-01T09:00", changed(closings={"enabled": False}))
    town.report()
    town.say("housing", "task.accept")
    town.until("2026-07-01T15:29")
    town.complete()
    assert town.clock("housing#1/handle").edge is False

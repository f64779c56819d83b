"""Deadlines of a whole Chinese year: by hand, by walking through the days, and by the product's calendar."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from shared.contracts.limits import Limit, LimitUnit
from shared.district.calendar import Remaining, WorkingCalendar
from tests.support.model.days import BEIJING, Days
from tests.support.model.place import district

ROWS = list(csv.DictReader((Path(__file__).parent / "deadlines.csv").open(encoding="utf-8")))
PROFILE = district()
PRODUCT, MODEL = WorkingCalendar.of(PROFILE), Days(PROFILE)
LONG = "GW_MODEL_MINUTES" in os.environ

STARTS = (time(0), time(8, 29, 59), time(11, 45), time(12), time(13, 7), time(17, 59, 59), time(18), time(23, 59))
"""Midnight, before opening, before lunch, its beginning, within it, before closing, closing, before midnight."""

AMOUNTS = {
    LimitUnit.CLOCK_MINUTES: (1, 30, 90, 1_500),
    LimitUnit.CLOCK_HOURS: (1, 7, 24, 100),
    LimitUnit.WORKING_MINUTES: (1, 15, 210, 500),
    LimitUnit.WORKING_HOURS: (1, 4, 7, 20),
    LimitUnit.CALENDAR_DAYS: (1, 2, 7, 30),
    LimitUnit.WORKING_DAYS: (1, 2, 5, 20),
}


def local(text: str) -> datetime:
    """Read a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule"])
def test_both_calendars_meet_the_table_made_by_hand(row: dict[str, str]) -> None:
    """Each row names the rule or the law that it shows."""
    start, limit = local(row["start"]), Limit.model_validate(row["limit"])
    assert MODEL.due(start, limit) == local(row["due"])
    assert PRODUCT.due(start, limit) == local(row["due"])


def days_of(year: int) -> Iterator[date]:
    """Yield every day of a year."""
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def starts_of(day: date) -> Iterator[datetime]:
    """Yield instants of a day: two of them, others each day; all of them in the long run."""
    number = day.toordinal()
    chosen = STARTS if LONG else (STARTS[number % len(STARTS)], STARTS[(number * 3 + 1) % len(STARTS)])
    yield from (datetime.combine(day, one, BEIJING) for one in chosen)


def limits_of(day: date) -> Iterator[Limit]:
    """Yield limits of every unit: one amount a day, another each day; all of them in the long run."""
    for unit, amounts in AMOUNTS.items():
        chosen = amounts if LONG else (amounts[day.toordinal() % len(amounts)],)
        yield from (Limit(amount=amount, unit=unit) for amount in chosen)


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_of_the_year_agrees_with_walking_through_it(year: int) -> None:
    """Every unit, from instants of every day: around lunch, closing and midnight, on holidays and make-up days."""
    for day in days_of(year):
        for start in starts_of(day):
            for limit in limits_of(day):
                assert PRODUCT.due(start, limit) == MODEL.due(start, limit), f"{limit} from {start}"


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_limit_on_its_last_day_ends_with_the_day_on_which_it_runs_again(year: int) -> None:
    """At the very close of business that day's work is over, and the next one's close counts."""
    for day in days_of(year):
        for again in (datetime.combine(day, one, BEIJING) for one in (time(9), time(18), time(18, 0, 1))):
            none = Remaining(unit=LimitUnit.WORKING_DAYS)
            assert PRODUCT.resume(again, none) == MODEL.resume(again, 0, LimitUnit.WORKING_DAYS), f"again {again}"


@pytest.mark.parametrize("year", [2025, 2026])
def test_what_is_left_on_every_day_agrees_too(year: int) -> None:
    """Held with so much left, resumed at closing or two days later, extended by two days or three hours."""
    more = [Limit.model_validate("2 working_days"), Limit.model_validate("3 working_hours")]
    for day in days_of(year):
        start, held = (datetime.combine(day, one, BEIJING) for one in (time(9), time(16, 20)))
        for limit in limits_of(day):
            due = MODEL.due(start, limit)
            left, mine = PRODUCT.remaining(held, due, limit.unit), MODEL.left(held, due, limit.unit)
            assert mine == (left.days if isinstance(mine, int) else left.time), f"{limit} from {start}"
            for again in (held + timedelta(days=2), datetime.combine(day, time(18), BEIJING)):
                assert PRODUCT.resume(again, left) == MODEL.resume(again, mine, limit.unit)
            assert [PRODUCT.extend(due, one) for one in more] == [MODEL.extend(due, one) for one in more]

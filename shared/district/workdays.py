"""Which days are worked: the weekend, over it Chinese public holidays with make-up days (调休), over all local days."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache

import chinese_calendar

from shared.district.policies import CalendarConfig

_SATURDAY = 6
TABLE = f"chinesecalendar-{chinese_calendar.__version__}"
"""The table of public holidays by library and version; the State Council publishes each year in the autumn before."""


@cache
def table_covers(year: int) -> bool:
    """Say whether the table of public holidays knows the year."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:  # chinesecalendar says so of a year whose holidays it does not know
        return False
    return True


@lru_cache(maxsize=4_096)
def _by_table(day: date) -> bool | None:
    """Return True for a make-up day, False for a public holiday, None where the table leaves it to the weekend."""
    if not table_covers(day.year):
        return None
    off, holiday = chinese_calendar.get_holiday_detail(day)
    if off:
        return False if holiday else None
    return True if day.isoweekday() >= _SATURDAY else None


def is_workday(config: CalendarConfig, day: date) -> bool:
    """Say whether the day is worked under the district's calendar."""
    if day in config.extra_workdays:
        return True
    if day in config.extra_holidays:
        return False
    told = _by_table(day) if config.holidays == "china" else None
    return day.isoweekday() not in config.weekend if told is None else told


def fallback_years(config: CalendarConfig, first: date, last: date) -> list[int]:
    """Return the years from first to last that no table covers, so that only the weekend is known of them."""
    if config.holidays != "china":
        return []
    return [year for year in range(first.year, last.year + 1) if not table_covers(year)]


def workdays_in(config: CalendarConfig, after: date, until: date) -> int:
    """Count the working days after one day up to and including another."""
    return sum(is_workday(config, after + timedelta(days=n)) for n in range(1, (until - after).days + 1))

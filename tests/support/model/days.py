"""When a limit ends, found by walking: minute by minute through worked time, day by day through days.

Everything is local time of one zone without clock changes (Beijing time). The rules: minutes and hours are exact; of
days the first is not counted (民法典 art. 201), calendar days end at 24:00, working days at the close of business.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from shared.contracts.limits import Limit, LimitUnit
from shared.district.model import Profile
from tests.support.model.almanac import HOLIDAYS, WORKED_WEEKENDS

BEIJING = timezone(timedelta(hours=8))
MINUTE, DAY, NOTHING = timedelta(minutes=1), timedelta(days=1), timedelta(0)
CLOCK = (LimitUnit.CLOCK_MINUTES, LimitUnit.CLOCK_HOURS)
WORKING = (LimitUnit.WORKING_MINUTES, LimitUnit.WORKING_HOURS)

Left = int | timedelta
"""What is left of a limit: whole days for a limit in days, a length for one in minutes or hours."""


class Days:
    """The working calendar of a district, as somebody with a wall calendar and a watch would use it."""

    def __init__(self, profile: Profile) -> None:
        self.hours = [(period.start, period.end) for period in profile.calendar.hours]
        self.config = profile.calendar
        # The same questions come again and again; the answers never change.
        for name in ("worked_minutes", "resume", "passed", "left", "later"):
            setattr(self, name, lru_cache(maxsize=20_000)(getattr(self, name)))

    def is_worked(self, day: date) -> bool:
        """Local days first, then the State Council's, then the weekend."""
        if day in self.config.extra_workdays or day in self.config.extra_holidays:
            return day in self.config.extra_workdays
        if self.config.holidays == "china" and day in HOLIDAYS | WORKED_WEEKENDS:
            return day in WORKED_WEEKENDS
        return day.isoweekday() not in self.config.weekend

    def due(self, start: datetime, limit: Limit) -> datetime:
        """When a limit that starts then has run out."""
        return self.resume(start, whole(limit), limit.unit)

    def resume(self, start: datetime, left: Left, unit: LimitUnit) -> datetime:
        """When so much of a limit has run out that runs from `start`."""
        start = start.astimezone(BEIJING)
        if isinstance(left, timedelta):
            end = start + left if unit in CLOCK else self._walk(start, left)
        else:
            end = self._last_of(start.date(), left, unit, start)
        return end.astimezone(UTC)

    def extend(self, due: datetime, limit: Limit) -> datetime:
        """The due instant moved on: days are counted on from the last day of the old limit."""
        more = whole(limit)
        if isinstance(more, timedelta):
            return self.resume(due, more, limit.unit)
        return self._last_of(last_day(due), more, limit.unit, due.astimezone(BEIJING)).astimezone(UTC)

    def left(self, at: datetime, due: datetime, unit: LimitUnit) -> Left:
        """What is left at an instant of a limit that ends at `due`, in its own unit."""
        if unit in (LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS):
            today, number = at.astimezone(BEIJING).date(), 0
            while today < last_day(due):
                today += DAY
                number += unit is LimitUnit.CALENDAR_DAYS or self.is_worked(today)
            return number
        return max(NOTHING, self.passed(at, due, unit))

    def passed(self, begin: datetime, end: datetime, unit: LimitUnit) -> timedelta:
        """The time between two instants as the unit counts it: worked time, or all of it."""
        if unit in (*CLOCK, LimitUnit.CALENDAR_DAYS):
            return end - begin
        begin, end = begin.astimezone(BEIJING), end.astimezone(BEIJING)
        total, day = NOTHING, begin.date()
        while day <= end.date():
            if begin.date() < day < end.date():
                total += len(self.worked_minutes(day)) * MINUTE
            else:
                total += sum((overlap(one, begin, end) for one in self.worked_minutes(day)), NOTHING)
            day += DAY
        return total

    def later(self, start: datetime, length: timedelta, unit: LimitUnit) -> datetime:
        """The instant when so much time of the unit's kind has passed since `start`."""
        if unit in (*CLOCK, LimitUnit.CALENDAR_DAYS) or length <= NOTHING:
            return start + max(length, NOTHING)
        return self._walk(start.astimezone(BEIJING), length).astimezone(UTC)

    def _walk(self, start: datetime, length: timedelta) -> datetime:
        for minute in self._minutes_from(start):
            begin = max(minute, start)
            if length <= minute + MINUTE - begin:
                return begin + length
            length -= minute + MINUTE - begin
        raise AssertionError("time never ends")

    def _minutes_from(self, start: datetime) -> Iterator[datetime]:
        """Every worked minute that is not over at `start`."""
        day = start.date()
        while True:
            yield from (minute for minute in self.worked_minutes(day) if minute + MINUTE > start)
            day += DAY

    def worked_minutes(self, day: date) -> list[datetime]:
        """Every minute that is worked on a day."""
        if not self.is_worked(day):
            return []
        midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
        return [midnight + n * MINUTE for first, last in self.hours for n in range(first, last)]

    def _last_of(self, day: date, number: int, unit: LimitUnit, start: datetime) -> datetime:
        """The end of the `number`-th day after `day`: 24:00, or the close of business if that is still to come."""
        if unit is LimitUnit.CALENDAR_DAYS:
            day += number * DAY
            while self.config.roll_calendar_days and not self.is_worked(day):
                day += DAY
            return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + DAY
        while number:
            day += DAY
            number -= self.is_worked(day)
        while not self.is_worked(day) or self.close_of(day) <= start:
            day += DAY
        return self.close_of(day)

    def close_of(self, day: date) -> datetime:
        """The close of business of a worked day."""
        return self.worked_minutes(day)[-1] + MINUTE


def whole(limit: Limit) -> Left:
    """All of a limit."""
    if limit.unit in (LimitUnit.CLOCK_MINUTES, LimitUnit.WORKING_MINUTES):
        return timedelta(minutes=limit.amount)
    if limit.unit in (LimitUnit.CLOCK_HOURS, LimitUnit.WORKING_HOURS):
        return timedelta(hours=limit.amount)
    return limit.amount


def last_day(due: datetime) -> date:
    """The day that a due instant ends: 24:00 belongs to the day that is over."""
    return (due.astimezone(BEIJING) - timedelta(microseconds=1)).date()


def overlap(minute: datetime, begin: datetime, end: datetime) -> timedelta:
    """How much of one minute lies between two instants."""
    return max(NOTHING, min(minute + MINUTE, end) - max(minute, begin))

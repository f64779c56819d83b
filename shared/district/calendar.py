"""When a limit ends: the working calendar of a district, in exact instants.

Minutes and hours are exact. Days follow the Civil Code (民法典) art. 201 and 203: the day of the start is not counted;
calendar days end at 24:00 of the last day, working days at the close of business of the last working day.
All instants taken and given carry a zone; those given are in UTC. Pure: nothing here reads a clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.limits import Limit, LimitUnit
from shared.district.model import Profile
from shared.district.policies import CalendarConfig
from shared.district.workdays import TABLE, fallback_years, is_workday, workdays_in

_LENGTH = {
    LimitUnit.CLOCK_MINUTES: timedelta(minutes=1),
    LimitUnit.CLOCK_HOURS: timedelta(hours=1),
    LimitUnit.WORKING_MINUTES: timedelta(minutes=1),
    LimitUnit.WORKING_HOURS: timedelta(hours=1),
}
_WORKING = frozenset({LimitUnit.WORKING_MINUTES, LimitUnit.WORKING_HOURS, LimitUnit.WORKING_DAYS})
_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_INSTANT_BEFORE = timedelta(microseconds=1)

Interval = tuple[datetime, datetime]


class Remaining(BaseModel):
    """What is left of a limit, in its own unit: whole days for days, an exact length for minutes and hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: LimitUnit
    days: int = Field(default=0, ge=0)
    time: timedelta = Field(default=_NOTHING, ge=_NOTHING)

    @classmethod
    def of(cls, limit: Limit) -> Self:
        """Return the whole of a limit."""
        if limit.unit in _LENGTH:
            return cls(unit=limit.unit, time=limit.amount * _LENGTH[limit.unit])
        return cls(unit=limit.unit, days=limit.amount)


@lru_cache(maxsize=4096)
def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day an instant belongs to; a decision asks for the same few again and again."""
    return instant.astimezone(zone).date()


class WorkingCalendar:
    """The calendar of one district under one version of its profile; keeps each day it has worked out."""

    def __init__(self, config: CalendarConfig, zone: ZoneInfo, profile: str = "unversioned") -> None:
        self._config = config
        self._hours = config.hours
        self._zone = zone
        self._days: dict[date, tuple[Interval, ...]] = {}
        self.version = f"{TABLE if config.holidays == 'china' else 'no-holidays'}+{profile}"

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Return the calendar of a profile."""
        return cls(profile.calendar, profile.zone, f"{profile.code}@{profile.version}")

    def due(self, start: datetime, limit: Limit) -> datetime:
        """Return the instant at which a limit that starts then has run out."""
        return self._after(start, Remaining.of(limit))

    def remaining(self, at: datetime, due: datetime, unit: LimitUnit) -> Remaining:
        """Measure in the unit what is left at an instant; nothing is left of a limit that is past due."""
        if unit is LimitUnit.WORKING_DAYS:
            left = workdays_in(self._config, self._day(at), self._last_day(due))
            return Remaining(unit=unit, days=left)
        if unit is LimitUnit.CALENDAR_DAYS:
            return Remaining(unit=unit, days=max(0, (self._last_day(due) - self._day(at)).days))
        return Remaining(unit=unit, time=max(_NOTHING, self._elapsed(at, due, unit)))

    def resume(self, at: datetime, left: Remaining) -> datetime:
        """Return the new due instant of a limit that was held with so much left and runs again from `at`.

        With no whole day left it ends with the day of `at`, at the next close of business for working days.
        """
        return self._after(at, left)

    def extend(self, due: datetime, limit: Limit) -> datetime:
        """Return the due instant moved on by a limit; days are counted from the last day of the old one."""
        if limit.unit in _LENGTH:
            return self.due(due, limit)
        return self._end_after(self._last_day(due), Remaining.of(limit), due)

    def at_fraction(self, start: datetime, limit: Limit, fraction: float) -> datetime:
        """Return when that fraction of a limit has been used, e.g. 0.8 for the second warning."""
        return self.between(start, self.due(start, limit), limit.unit, fraction)

    def between(self, start: datetime, due: datetime, unit: LimitUnit, fraction: float) -> datetime:
        """Return when that fraction of the time from start to due has passed, working time for working units."""
        part = self._elapsed(start, due, unit) * fraction
        if unit in _WORKING:
            return self._work_on(start.astimezone(UTC), part) if part > _NOTHING else start.astimezone(UTC)
        return start.astimezone(UTC) + part

    def is_working(self, instant: datetime) -> bool:
        """Say whether the instant lies in working time; the end of a period does not."""
        return any(start <= instant < end for start, end in self._intervals(self._day(instant)))

    def next_working_instant(self, instant: datetime) -> datetime:
        """Return the instant itself if it is working time, else the beginning of the next working period."""
        day = self._day(instant)
        while True:
            for start, end in self._intervals(day):
                if instant < end:
                    return max(start, instant.astimezone(UTC))
            day += _DAY

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two instants; nothing when the second is not later."""
        total, day, last = _NOTHING, self._day(start), self._day(end)
        while day <= last:
            for opens, closes in self._intervals(day):
                total += max(_NOTHING, min(closes, end) - max(opens, start))
            day += _DAY
        return total

    def version_for(self, start: datetime, end: datetime) -> str:
        """Return the version for a ledger entry: it names each year between that had to fall back to weekdays."""
        years = fallback_years(self._config, self._day(start), self._day(end))
        return self.version + "".join(f"+fallback:{year}" for year in years)

    def _after(self, start: datetime, left: Remaining) -> datetime:
        if left.unit in (LimitUnit.CLOCK_MINUTES, LimitUnit.CLOCK_HOURS):
            return start.astimezone(UTC) + left.time
        if left.unit in _LENGTH:
            return self._work_on(start.astimezone(UTC), left.time)
        return self._end_after(self._day(start), left, start)

    def _end_after(self, day: date, left: Remaining, start: datetime) -> datetime:
        """Return the end of the last of so many days after `day`, later than `start`."""
        if left.unit is LimitUnit.CALENDAR_DAYS:
            return self._midnight_after(day + left.days * _DAY)
        for _ in range(left.days):
            day = self._next_workday(day)
        while not self._intervals(day) or self._intervals(day)[-1][1] <= start:
            day = self._next_workday(day)
        return self._intervals(day)[-1][1]

    def _midnight_after(self, day: date) -> datetime:
        """Return 24:00 of the day, or of the next working day where the profile rolls over days off."""
        if self._config.roll_calendar_days and not is_workday(self._config, day):
            day = self._next_workday(day)
        return self._instant(day, 24 * 60)

    def _work_on(self, start: datetime, length: timedelta) -> datetime:
        """Return the earliest instant with so much working time since start."""
        day = self._day(start)
        while True:
            for opens, closes in self._intervals(day):
                begin = max(opens, start)
                if closes - begin >= length and closes > start:
                    return begin + length
                length -= max(_NOTHING, closes - begin)
            day += _DAY

    def _elapsed(self, start: datetime, end: datetime, unit: LimitUnit) -> timedelta:
        return self.working_time(start, end) if unit in _WORKING else end - start

    def _next_workday(self, day: date) -> date:
        day += _DAY
        while not is_workday(self._config, day):
            day += _DAY
        return day

    def _day(self, instant: datetime) -> date:
        return local_day(instant, self._zone)

    def _last_day(self, due: datetime) -> date:
        """Return the day a due instant belongs to: 24:00 is still the day that ends."""
        return self._day(due - _INSTANT_BEFORE)

    def _intervals(self, day: date) -> tuple[Interval, ...]:
        """Return the working periods of a day in UTC, in order, without overlap; none on a day off."""
        if day not in self._days:
            self._days[day] = tuple(self._open(day)) if is_workday(self._config, day) else ()
        return self._days[day]

    def _open(self, day: date) -> list[Interval]:
        """Turn the day's hours into instants; periods that a clock change pushes into each other become one."""
        periods: list[Interval] = []
        for period in sorted((self._instant(day, one.start), self._instant(day, one.end)) for one in self._hours):
            if periods and period[0] < periods[-1][1]:
                periods[-1] = (periods[-1][0], max(periods[-1][1], period[1]))
            elif period[0] < period[1]:
                periods.append(period)
        return periods

    def _instant(self, day: date, minute: int) -> datetime:
        """Return the instant of a local minute of the day; 24:00 is midnight of the next."""
        day, minute = (day + _DAY, 0) if minute == 24 * 60 else (day, minute)
        local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
        return local.astimezone(UTC)

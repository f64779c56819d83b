"""When rounds of recurring work begin and end: the windows of days, weeks and months in the district's time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from shared.district.base import Period
from shared.district.model import Profile
from shared.district.work import Obligation
from shared.district.workdays import is_workday

Window = tuple[datetime, datetime]

_WHOLE_DAY = Period(start=0, end=24 * 60)
_DAYS_AHEAD = 60
"""So far ahead a next round is looked for; no calendar has as many days off in a row."""


def next_window(profile: Profile, one: Obligation, after: datetime) -> Window | None:
    """Return the first window that begins after an instant."""
    return next((window for window in _windows(profile, one, after) if window[0] > after), None)


def _windows(profile: Profile, one: Obligation, after: datetime) -> Iterator[Window]:
    today = after.astimezone(profile.zone).date()
    if one.every == "day":
        for ahead in range(-1, _DAYS_AHEAD):
            yield from _of_day(profile, one, today + timedelta(days=ahead))
        return
    first = today - timedelta(days=today.weekday()) if one.every == "week" else today.replace(day=1)
    for _ in count():
        end = first + timedelta(days=7) if one.every == "week" else _next_month(first)
        yield _instant(profile, first), _instant(profile, end)
        first = end


def _of_day(profile: Profile, one: Obligation, day: date) -> Iterator[Window]:
    if one.days == "working" and not is_workday(profile.calendar, day):
        return
    for window in one.windows or (_WHOLE_DAY,):
        end = window.end + (24 * 60 if window.wraps else 0)
        yield _instant(profile, day, window.start), _instant(profile, day, end)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _instant(profile: Profile, day: date, minute: int = 0) -> datetime:
    return (datetime.combine(day, time(), profile.zone) + timedelta(minutes=minute)).astimezone(UTC)

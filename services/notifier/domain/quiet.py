"""Quiet hours: nobody is woken for what can wait until the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.district.base import Period
from shared.district.notices import Notify

_DAY_MINUTES = 24 * 60


def quiet_until(now: datetime, notify: Notify, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours that hold at `now` end, or None when none do.

    A period that is the whole day is passed over: it would silence a district for ever.
    """
    period = notify.quiet_hours
    local = now.astimezone(zone)
    if period is None or _whole_day(period) or not period.contains(local.time()):
        return None
    minute = local.hour * 60 + local.minute
    ends_tomorrow = (period.wraps and minute >= period.start) or period.end == _DAY_MINUTES
    day = local.date() + timedelta(days=1 if ends_tomorrow else 0)
    hour, minute = divmod(period.end % _DAY_MINUTES, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _whole_day(period: Period) -> bool:
    return (period.end - period.start) % _DAY_MINUTES == 0

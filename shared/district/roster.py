"""Who is on duty in a department at a moment (值班表)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.district.parties import Department, Duty, DutyRole


def on_duty(department: Department, role: DutyRole, at: datetime, zone: ZoneInfo) -> tuple[Duty, ...]:
    """Return the roster lines for the role in force at that instant, in the order of the profile; maybe none."""
    local = at.astimezone(zone)
    return tuple(duty for duty in department.duty if duty.role is role and _covers(duty, local))


def _covers(duty: Duty, local: datetime) -> bool:
    """Say whether the local time is within the duty; after midnight the weekday it began on counts."""
    if not duty.hours.contains(local.time()):
        return False
    began_yesterday = duty.hours.wraps and local.hour * 60 + local.minute < duty.hours.end
    began = local - timedelta(days=1) if began_yesterday else local
    return began.isoweekday() in duty.weekdays

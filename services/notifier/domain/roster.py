"""People by roster: the lines of a duty roster (值班表) in force, each as the ways to reach whoever fills it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from services.notifier.domain.notice import Route
from shared.district.model import Contact, Department, DutyRole
from shared.district.roster import on_duty


def people(department: Department, role: DutyRole, at: datetime, zone: ZoneInfo) -> tuple[tuple[Route, ...], ...]:
    """Return the routes of each person on duty at that instant, in the order of the roster."""
    return tuple(routes(duty.channels) for duty in on_duty(department, role, at, zone))


def routes(contacts: Iterable[Contact]) -> tuple[Route, ...]:
    """Return the contacts as routes in their order, the first of each channel: a channel is part of a notice's key."""
    first: dict[str, Route] = {}
    for contact in contacts:
        first.setdefault(contact.channel, Route(channel=contact.channel, address=contact.address))
    return tuple(first.values())

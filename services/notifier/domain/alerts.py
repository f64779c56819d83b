"""Alerts of the monitoring (告警) as something to tell. They come over HTTP and never cross the bus.

So that what tells of a broker that is away does not need that broker. An alert has a file as a case has one, under a
number of its own: the same alert that fires again at another time is another file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from services.notifier.domain.facts import shorten
from shared.contracts.base import Event

MAX_WORDS = 200
CRITICAL, WARNING = "critical", "warning"
_SEVERITIES = {CRITICAL: 1, WARNING: 3}
_LEAST = 4


class AlertEvent(Event):
    """What Alertmanager said of an alert; `department` is whose it is. It has no type, for no message is made of it."""

    asks: ClassVar[str] = ""

    name: str
    severity: str = WARNING
    department: str
    summary: str = ""
    summary_en: str = ""
    runbook: str = ""


class AlertRaised(AlertEvent):
    """It fires since `occurred_at`; Alertmanager repeats it for as long as it does."""

    asks: ClassVar[str] = "alert.raised"


class AlertResolved(AlertEvent):
    """It is over since `occurred_at`."""

    asks: ClassVar[str] = "alert.resolved"


def alert_number(district: str, fingerprint: str, since: datetime) -> str:
    """Return the number of an alert's file: one for each time that it fires.

    It has the form of a case id, so that a notice can be about it, and can be none: no month is the 0th.
    """
    digest = hashlib.sha256(f"{fingerprint}\n{since.isoformat()}".encode()).digest()
    return f"{district}-000000-{base64.b32encode(digest[:5]).decode().lower()}"


def known_of(event: AlertEvent) -> dict[str, Any]:
    """Return what the notifier remembers of an alert."""
    severity = _SEVERITIES.get(event.severity, _LEAST)
    over = isinstance(event, AlertResolved)
    return {"known": True, "lead": event.department, "severity": severity, **({"closed": True} if over else {})}


def _told(draft: Any, step: str, *, moot: bool) -> tuple[Any, ...]:
    event: AlertEvent = draft.event
    facts = {"alert": event.name, "runbook": event.runbook}
    facts |= {"said": shorten(event.summary or event.name, MAX_WORDS)}
    facts |= {"said_en": shorten(event.summary_en or event.summary or event.name, MAX_WORDS)}
    return (draft.telling(step, step, facts, moot=moot),)


def _raised(draft: Any) -> tuple[Any, ...]:
    return _told(draft, "alert_raised", moot=True)


def _resolved(draft: Any) -> tuple[Any, ...]:
    return _told(draft, "alert_resolved", moot=False)


STEPS: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {AlertRaised: _raised, AlertResolved: _resolved}

"""What an endpoint's answer means, by its status alone; what it says besides is read no further than a bound."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from services.notifier.channels.base import Delivered, Failed, Outcome

MAX_RETRY_AFTER = 3_600.0
"""A receiver may ask for a pause; one that asks for a year must not get it."""

_MAY_PASS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


def classify(status: int, headers: Iterable[tuple[bytes, bytes]], now: datetime) -> Outcome:
    """Return delivered for 2xx; a failure for anything else, one that may pass for 5xx, 408, 425 and 429."""
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Failed("redirect", retryable=False)
    retryable = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _MAY_PASS
    after = retry_after(headers, now) if retryable else None
    return Failed(f"http_{status // 100}xx", retryable=retryable, retry_after=after)


def retry_after(headers: Iterable[tuple[bytes, bytes]], now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (a number or a date), bounded; None without a good one."""
    value = next((text for name, text in headers if name.lower() == b"retry-after"), None)
    if value is None:
        return None
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    try:
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER)

"""The many ways partners write an instant, and which of them is believed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from unicodedata import normalize

from shared.contracts.base import to_millisecond

FORMS = "RFC 3339, 2026-07-01 08:30:00, 2026/7/1 8:30, 2026年7月1日8时30分, 20260701083000 or seconds since 1970"

_LENGTH = 64
_DATE = r"(?P<year>\d{4})(?:[-/.]|年)(?P<month>\d{1,2})(?:[-/.]|月)(?P<day>\d{1,2})日?"
_HALF = r"(?P<half>上午|下午|AM|PM)?"
_TIME = r"(?P<hour>\d{1,2})(?:[:时時点點](?:(?P<minute>\d{1,2})(?:[:分](?:(?P<second>\d{1,2})(?:\.\d+)?秒?)?)?)?)"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}:?\d{2})?"
_WRITTEN = re.compile(rf"{_DATE}(?:[T ]?{_HALF} ?{_TIME} ?{_HALF.replace('half', 'after')} ?{_OFFSET})?")
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_LONG_NUMBER = re.compile(r"\d{9,}")
_MILLISECONDS_FROM = 1e11
_COMPACT_FROM = 10**13
_NOON = 12


class UnreadableTimeError(ValueError):
    """The value is no instant in any form we know."""


def parse_instant(value: str | float, zone: tzinfo) -> datetime:
    """Return the instant in UTC to the millisecond; `zone` holds for a time without an offset.

    Raises:
        UnreadableTimeError: it is no instant, or one that no calendar has.
    """
    try:
        if isinstance(value, str):
            return to_millisecond(_from_text(_short(value), zone))
        return to_millisecond(_from_number(value, zone))
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableTimeError(f"is no instant: write {FORMS}") from error


def _from_number(value: float, zone: tzinfo) -> datetime:
    if value >= _COMPACT_FROM:
        return _from_text(f"{value:.0f}", zone)
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def _short(text: str) -> str:
    if len(text) > _LENGTH:
        raise ValueError
    return normalize("NFKC", text).strip()


def _from_text(text: str, zone: tzinfo) -> datetime:
    if _EPOCH.fullmatch(text):
        return _from_number(float(text), zone)
    # The library takes a digit for the `T` of a long number and reads an instant that nobody wrote.
    instant = _from_parts(_COMPACT.fullmatch(text)) if _LONG_NUMBER.fullmatch(text) else _from_words(text)
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)


def _from_words(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _from_parts(_WRITTEN.fullmatch(text))


def _from_parts(match: re.Match[str] | None) -> datetime:
    if match is None:
        raise ValueError
    parts = match.groupdict()
    year, month, day, hour, minute, second = (
        int(parts.get(name) or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    half = parts.get("half") or parts.get("after")
    if half in ("下午", "PM") and hour < _NOON:
        hour += _NOON
    elif half in ("上午", "AM") and hour == _NOON:
        hour = 0
    offset = parts.get("offset")
    instant = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the caller adds the zone
    return datetime.fromisoformat(f"{instant.isoformat()}{offset}") if offset else instant


def believe(
    claim: datetime | None, received: datetime, max_backdating: timedelta, future_tolerance: timedelta
) -> tuple[datetime, datetime | None]:
    """Return the instant to go by, and the claim where it was not believed.

    A claim further back than the district allows, or ahead of the time received, is replaced by the time received.
    """
    if claim is None:
        return received, None
    if received - max_backdating <= claim <= received + future_tolerance:
        return claim, None
    return received, claim

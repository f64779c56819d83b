"""Instants: every form partners write, the zone where none is said, and which claims are believed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.instants import UnreadableTimeError, believe, parse_instant

SHANGHAI = ZoneInfo("Asia/Shanghai")
BOSTON = ZoneInfo("America/New_York")
RECEIVED = datetime(2026, 7, 1, 1, tzinfo=UTC)
HALF_PAST = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-01T08:30:00+08:00",
        "2026-07-01T00:30:00Z",
        "2026-07-01T00:30:00.000Z",
        "2026-07-01T08:30:00",
        "2026-07-01 08:30:00",
        "2026-07-01 08:30",
        "2026-7-1 8:30",
        "2026/7/1 8:30",
        "2026/07/01 08:30:00",
        "2026.7.1 8:30:00",
        "2026/7/1 上午8:30:00",
        "2026/7/1 上午 8:30",
        "2026-7-1 8:30 AM",
        "2026年7月1日8时30分",
        "2026年07月01日 08时30分00秒",
        "2026年7月1日8点30分",
        "２０２６年７月１日８：３０",
        "20260701083000",
        "2026-07-01 08:30:00 +0800",
        "2026-07-01 08:30:00+08:00",
        "1782865800",
        "1782865800000",
        " 2026-07-01 08:30:00 ",
        1782865800,
        1782865800.0,
        1782865800000,
        20260701083000,
    ],
)
def test_every_form_means_the_same_instant(written: str | float) -> None:
    """In the zone of the district where none is said."""
    assert parse_instant(written, SHANGHAI) == HALF_PAST


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2026年7月1日下午3时", 15), ("2026/7/1 下午 12:00", 12), ("2026-7-1 12:00 AM", 0), ("2026-07-01", 0)],
)
def test_halves_of_the_day_are_understood(written: str, hour: int) -> None:
    """下午 and PM add twelve hours, but not to noon; a date alone is its beginning."""
    assert parse_instant(written, SHANGHAI).astimezone(SHANGHAI).hour == hour


def test_a_zone_with_summer_time_is_heeded() -> None:
    """Boston in July is four hours behind UTC, in January five."""
    assert parse_instant("2011-07-01 01:32:33", BOSTON) == datetime(2011, 7, 1, 5, 32, 33, tzinfo=UTC)
    assert parse_instant("2011-01-01 01:32:33", BOSTON) == datetime(2011, 1, 1, 6, 32, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "昨天下午",
        "2026-13-01 08:30:00",
        "2026-02-30",
        "2026年7月1日25时",
        "08:30",
        "99999999999999999999",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-12:00",
        float("nan"),
        float("inf"),
        -1e300,
        1e18,
        10**30,
        "1" * 10_000,
        "202607011120000",
    ],
)
def test_what_is_no_instant_is_named(written: str | float) -> None:
    """With the forms that would be understood."""
    with pytest.raises(UnreadableTimeError, match="RFC 3339"):
        parse_instant(written, SHANGHAI)


@given(st.text(max_size=40) | st.floats() | st.integers())
def test_anything_is_an_instant_or_is_named(written: str | float) -> None:
    """No other error, whatever comes."""
    with suppress(UnreadableTimeError):
        assert parse_instant(written, SHANGHAI).tzinfo is UTC


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is added below
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日%H时%M分%S秒", "%Y%m%d%H%M%S"]),
)
def test_what_is_written_is_read(moment: datetime, form: str) -> None:
    """Every second of a century in every form."""
    zone = timezone(timedelta(hours=8))
    whole = moment.replace(microsecond=0)
    assert parse_instant(whole.strftime(form), zone) == whole.replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("minutes", "believed"),
    [(0, True), (-30, True), (-48 * 60, True), (-48 * 60 - 1, False), (5, True), (6, False)],
)
def test_a_claim_is_believed_within_bounds(minutes: int, *, believed: bool) -> None:
    """Outside them the time received counts, and the claim is kept."""
    claim = RECEIVED + timedelta(minutes=minutes)
    expected = (claim, None) if believed else (RECEIVED, claim)
    assert believe(claim, RECEIVED, timedelta(hours=48), timedelta(minutes=5)) == expected


def test_no_claim_is_the_time_received() -> None:
    """And nothing was disbelieved."""
    assert believe(None, RECEIVED, timedelta(0), timedelta(0)) == (RECEIVED, None)

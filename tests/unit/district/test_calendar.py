from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.limits import Limit, LimitUnit
from shared.district.calendar import Remaining, WorkingCalendar
from shared.district.policies import CalendarConfig

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkingCalendar(CalendarConfig(), SHANGHAI, "620802@3")


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Read a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def limit(text: str) -> Limit:
    """Read a limit."""
    return Limit.model_validate(text)


# Due instants of every unit, over both long holidays, stand in tests/model/deadlines.csv.
@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-07-01T23:30", "2 clock_hours", "2026-07-02T01:30"),
        ("2026-02-14T17:00", "2 working_hours", "2026-02-24T09:30"),
        ("2026-07-01T23:59", "1 calendar_days", "2026-07-03T00:00"),
        ("2026-09-30T09:00", "3 working_days", "2026-10-10T18:00"),
    ],
)
def test_due_does_not_depend_on_the_zone_of_the_argument(start: str, length: str, end: str) -> None:
    """The same instant written in UTC has the same due instant, given in UTC."""
    due = CALENDAR.due(local(start).astimezone(UTC), limit(length))
    assert due == CALENDAR.due(local(start), limit(length)) == local(end)
    assert due.tzinfo is UTC


def test_hold_across_a_holiday_gives_back_exactly_what_was_left() -> None:
    """Held with 2.5 working hours left before National Day, resumed after it, due 2.5 working hours later."""
    due = CALENDAR.due(local("2026-09-30T10:00"), limit("4 working_hours"))
    left = CALENDAR.remaining(local("2026-09-30T11:30"), due, LimitUnit.WORKING_HOURS)
    assert left.time == timedelta(hours=2, minutes=30)
    assert CALENDAR.resume(local("2026-10-05T11:00"), left) == local("2026-10-08T11:00")


def test_hold_in_working_days_counts_whole_days_again() -> None:
    """Five working days held on the second leave three; resumed inside the holiday they are the next three worked."""
    due = CALENDAR.due(local("2026-09-24T10:00"), limit("5 working_days"))
    assert due == local("2026-10-09T18:00")
    left = CALENDAR.remaining(local("2026-09-29T15:00"), due, LimitUnit.WORKING_DAYS)
    assert left == Remaining(unit=LimitUnit.WORKING_DAYS, days=3)
    assert CALENDAR.resume(local("2026-10-03T09:00"), left) == local("2026-10-10T18:00")


def test_hold_on_the_last_day_ends_with_the_day_of_resuming() -> None:
    """No whole day is left on the last day: the limit ends at the next close of business, or at 24:00."""
    none = Remaining(unit=LimitUnit.WORKING_DAYS)
    assert CALENDAR.resume(local("2026-07-01T09:00"), none) == local("2026-07-01T18:00")
    assert CALENDAR.resume(local("2026-07-03T19:00"), none) == local("2026-07-06T18:00")
    assert CALENDAR.resume(local("2026-07-03T19:00"), Remaining(unit=LimitUnit.CALENDAR_DAYS)) == local("2026-07-04")


def test_nothing_remains_of_a_limit_past_due() -> None:
    """Every unit is at nothing, never below."""
    for unit in LimitUnit:
        assert CALENDAR.remaining(local("2026-07-08T10:00"), local("2026-07-01T10:00"), unit) == Remaining(unit=unit)


@pytest.mark.parametrize(
    ("due", "more", "end"),
    [
        ("2026-07-02T18:00", "2 working_days", "2026-07-06T18:00"),
        ("2026-07-03T00:00", "2 calendar_days", "2026-07-05T00:00"),  # 24:00 of the 2nd, so the 4th is the last day
        ("2026-07-01T15:00", "3 working_hours", "2026-07-01T18:00"),
        ("2026-07-01T15:00", "4 working_hours", "2026-07-02T09:30"),
        ("2026-07-01T15:00", "90 clock_minutes", "2026-07-01T16:30"),
        ("2026-07-01T15:00", "1 working_days", "2026-07-02T18:00"),
    ],
)
def test_extension_is_added_in_its_unit_to_the_old_due(due: str, more: str, end: str) -> None:
    """Days go on from the last day of the old limit, hours from its instant."""
    assert CALENDAR.extend(local(due), limit(more)) == local(end)


@pytest.mark.parametrize(
    ("length", "fraction", "at"),
    [
        ("4 working_hours", 0.5, "2026-07-03T18:00"),
        ("4 working_hours", 0.75, "2026-07-06T09:30"),
        ("2 clock_hours", 0.5, "2026-07-03T17:00"),
        ("2 working_days", 0.5, "2026-07-06T17:00"),  # 8 of the 16 hours worked between start and due
        ("2 calendar_days", 0.5, "2026-07-04T20:00"),
    ],
)
def test_warning_fractions_fall_into_the_time_that_counts(length: str, fraction: float, at: str) -> None:
    """A fraction of working units is a fraction of working time, so no warning is sent at night for them."""
    assert CALENDAR.at_fraction(local("2026-07-03T16:00"), limit(length), fraction) == local(at)


def test_next_working_instant_and_is_working_agree() -> None:
    """Lunch, night and holidays are not working time; the end of a period is not part of it."""
    assert CALENDAR.is_working(local("2026-07-01T08:30"))
    assert not CALENDAR.is_working(local("2026-07-01T12:00"))
    assert CALENDAR.next_working_instant(local("2026-07-01T10:10")) == local("2026-07-01T10:10")
    assert CALENDAR.next_working_instant(local("2026-07-01T12:00")) == local("2026-07-01T14:30")
    assert CALENDAR.next_working_instant(local("2026-02-14T18:00")) == local("2026-02-24T08:30")


def test_local_days_win_over_the_table() -> None:
    """A district may work on a public holiday and rest on a make-up day."""
    config = CalendarConfig.model_validate({"extra_workdays": ["2026-10-01"], "extra_holidays": ["2026-10-10"]})
    calendar = WorkingCalendar(config, SHANGHAI)
    assert calendar.due(local("2026-09-30T09:00"), limit("1 working_days")) == local("2026-10-01T18:00")
    assert calendar.due(local("2026-10-09T09:00"), limit("1 working_days")) == local("2026-10-12T18:00")


def test_a_year_without_a_table_falls_back_to_weekdays_and_says_so() -> None:
    """The ledger shows that 1 October 2027 was taken for a working day because no table covers 2027."""
    start = local("2026-12-31T10:00")
    due = CALENDAR.due(start, limit("1 working_days"))
    assert due == local("2027-01-01T18:00")
    assert CALENDAR.version_for(start, due).endswith("+620802@3+fallback:2027")
    assert "fallback" not in CALENDAR.version_for(start, start)
    assert CALENDAR.version.startswith("chinesecalendar-")


def test_calendar_days_roll_over_days_off_where_the_profile_says_so() -> None:
    """Civil Code art. 203: a last day on a statutory day off moves to the next working day."""
    rolling = WorkingCalendar(CalendarConfig(roll_calendar_days=True), SHANGHAI)
    assert rolling.due(local("2026-09-28T10:00"), limit("5 calendar_days")) == local("2026-10-09T00:00")
    assert rolling.due(local("2026-09-28T10:00"), limit("2 calendar_days")) == local("2026-10-01T00:00")


def test_a_clock_change_neither_adds_nor_loses_working_time() -> None:
    """New York, 8 March 2026: the night is an hour short; a day's limit in hours of the clock still is 24 hours."""
    zone = ZoneInfo("America/New_York")
    config = CalendarConfig.model_validate({"hours": ["00:00-24:00"], "weekend": [], "holidays": "none"})
    calendar = WorkingCalendar(config, zone)
    start = local("2026-03-07T12:00", zone)
    assert calendar.due(start, limit("24 clock_hours")) == local("2026-03-08T13:00", zone)
    assert calendar.due(start, limit("24 working_hours")) == local("2026-03-08T13:00", zone)
    assert calendar.due(start, limit("1 calendar_days")) == local("2026-03-09T00:00", zone)
    assert calendar.working_time(local("2026-03-08T00:00", zone), local("2026-03-09T00:00", zone)) == timedelta(
        hours=23
    )


def test_hours_that_a_clock_change_swallows_do_not_overlap() -> None:
    """Two periods in the missing hour of a night in spring count once, at the instants they fall on."""
    zone = ZoneInfo("America/New_York")
    config = CalendarConfig.model_validate({"hours": ["02:15-02:45", "03:00-04:00"], "weekend": [], "holidays": "none"})
    calendar = WorkingCalendar(config, zone)
    day = local("2026-03-08T00:00", zone)
    assert calendar.working_time(day, day + timedelta(days=1)) == timedelta(minutes=60)


INSTANTS = st.integers(0, 60 * 24 * 420).map(lambda minutes: local("2025-12-01T00:00") + timedelta(minutes=minutes))
UNITS = st.sampled_from(list(LimitUnit))
AMOUNTS = st.integers(min_value=1, max_value=60)
ZONES = st.sampled_from([SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])


@given(start=INSTANTS, unit=UNITS, amount=AMOUNTS, zone=ZONES)
@settings(max_examples=150, deadline=None)
def test_what_remains_at_the_start_is_the_whole_limit(
    start: datetime, unit: LimitUnit, amount: int, zone: ZoneInfo
) -> None:
    """remaining(start, due(start, n)) = n, and resuming there gives the same due instant, in every unit and zone."""
    calendar = WorkingCalendar(CalendarConfig(), zone)
    whole = Limit(amount=amount, unit=unit)
    due = calendar.due(start, whole)
    left = calendar.remaining(start, due, unit)
    assert left == Remaining.of(whole)
    assert calendar.resume(start, left) == due
    assert due > start


@given(one=INSTANTS, two=INSTANTS, unit=UNITS, less=AMOUNTS, more=AMOUNTS)
@settings(max_examples=150, deadline=None)
def test_due_never_goes_back_when_start_or_amount_goes_on(
    one: datetime, two: datetime, unit: LimitUnit, less: int, more: int
) -> None:
    """A later start and a larger amount never give an earlier due instant."""
    first, second = sorted([one, two])
    small, large = sorted([less, more])
    due = CALENDAR.due(first, Limit(amount=small, unit=unit))
    assert due <= CALENDAR.due(second, Limit(amount=small, unit=unit))
    assert due <= CALENDAR.due(first, Limit(amount=large, unit=unit))


@given(start=INSTANTS, unit=UNITS, amount=AMOUNTS, fraction=st.floats(0.01, 0.99))
@settings(max_examples=100, deadline=None)
def test_a_warning_lies_between_start_and_due(start: datetime, unit: LimitUnit, amount: int, fraction: float) -> None:
    """A fraction below one of any limit comes after its start and not after its end."""
    whole = Limit(amount=amount, unit=unit)
    assert start <= CALENDAR.at_fraction(start, whole, fraction) <= CALENDAR.due(start, whole)


@given(start=INSTANTS, unit=UNITS, amount=AMOUNTS, held=st.integers(0, 400), pause=st.integers(0, 4_000))
@settings(max_examples=100, deadline=None)
def test_a_hold_never_shortens_a_limit(start: datetime, unit: LimitUnit, amount: int, held: int, pause: int) -> None:
    """Held before it is due and resumed later, a limit never ends earlier than it would have."""
    due = CALENDAR.due(start, Limit(amount=amount, unit=unit))
    hold = min(start + timedelta(minutes=held), due - timedelta(minutes=1))
    resumed = CALENDAR.resume(hold + timedelta(minutes=pause), CALENDAR.remaining(hold, due, unit))
    assert resumed >= due

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifier.domain.quiet import quiet_until
from shared.district.base import Period
from shared.district.notices import Notify

ZONE = ZoneInfo("Asia/Shanghai")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of July 2026 by the district's clock."""
    return datetime(2026, 7, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def quiet(period: str) -> Notify:
    """Return a policy with quiet hours."""
    return Notify(quiet_hours=Period.model_validate(period))


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (local(1, 21, 59), None),
        (local(1, 22), local(2, 7)),
        (local(1, 23, 59), local(2, 7)),
        (local(2, 0), local(2, 7)),
        (local(2, 6, 59), local(2, 7)),
        (local(2, 7), None),
    ],
)
def test_quiet_hours_over_midnight_end_in_the_morning(now: datetime, ends: datetime | None) -> None:
    """The start is quiet, the end is not."""
    assert quiet_until(now, quiet("22:00-07:00"), ZONE) == ends


def test_quiet_hours_within_a_day_end_that_day_or_at_midnight() -> None:
    """A nap at noon, and an evening that ends at 24:00."""
    assert quiet_until(local(1, 13), quiet("12:00-14:00"), ZONE) == local(1, 14)
    assert quiet_until(local(1, 23), quiet("22:00-24:00"), ZONE) == local(2, 0)


@pytest.mark.parametrize("period", ["00:00-24:00", "08:00-08:00"])
def test_a_quiet_day_without_end_is_passed_over(period: str) -> None:
    """Nobody may silence a district for ever by a slip of the pen."""
    assert quiet_until(local(1, 13), quiet(period), ZONE) is None


def test_no_quiet_hours_hold_nothing_back() -> None:
    """The default is none."""
    assert quiet_until(local(1, 3), Notify(), ZONE) is None


def test_the_end_is_always_later() -> None:
    """Whatever the minute, a notice that is held back is looked at later, never at once again."""
    policy = quiet("22:00-07:00")
    for minute in range(24 * 60):
        now = local(1, 0) + timedelta(minutes=minute)
        ends = quiet_until(now, policy, ZONE)
        assert ends is None or ends > now

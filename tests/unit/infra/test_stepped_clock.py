"""A clock that stands until it is moved, and that other processes read."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.infra.clock import SteppedClock, wall_clock
from shared.infra.settings import Mode, ServiceSettings

MORNING = datetime.fromisoformat("2026-07-01T08:00:00+08:00")
HOUR = timedelta(hours=1)


def milliseconds(instant: datetime) -> int:
    """Return a real instant as a broker stamps it."""
    return int(instant.timestamp() * 1000)


def test_it_stands_until_it_is_moved_and_others_read_it(tmp_path: Path) -> None:
    """Who opened the file before a step was written sees the step."""
    moved = SteppedClock(tmp_path / "steps")
    moved.move(MORNING)
    read = SteppedClock(tmp_path / "steps")
    assert read.now() == MORNING
    moved.move(MORNING + HOUR)
    assert read.now() == moved.now() == MORNING + HOUR


def test_a_time_stamp_means_what_held_when_it_was_made(tmp_path: Path) -> None:
    """Read a step later, a record was received when it was received; before the first step there is no other time."""
    before, first, second = (wall_clock() + timedelta(seconds=ahead) for ahead in (-9, -6, -3))
    lines = [
        b"%15d %15d\n" % (milliseconds(real), milliseconds(MORNING + past))
        for real, past in ((first, HOUR), (second, 2 * HOUR))
    ]
    (tmp_path / "steps").write_bytes(b"".join(lines))
    clock = SteppedClock(tmp_path / "steps")
    assert clock.now() == MORNING + 2 * HOUR
    assert clock.at(milliseconds(second) - 1) == MORNING + HOUR
    assert clock.at(milliseconds(second)) == MORNING + 2 * HOUR
    assert clock.at(milliseconds(before)) == MORNING + HOUR


def test_no_live_service_takes_it(tmp_path: Path) -> None:
    """Only a play may have its own time."""
    assert isinstance(ServiceSettings(mode=Mode.DEMO, clock_steps=tmp_path / "steps").clock(), SteppedClock)
    with pytest.raises(ValidationError, match="refused in live mode"):
        ServiceSettings(mode=Mode.LIVE, clock_steps=tmp_path / "steps")

"""When things are reported: few at night, most at nine in the morning and four in the afternoon."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

HOURS = (3, 2, 2, 2, 3, 8, 24, 58, 88, 120, 90, 72, 46, 44, 66, 88, 114, 80, 52, 38, 30, 20, 10, 5)
"""Weights of the hours of a day from midnight."""


def moments(day: datetime, count: int, dice: Random) -> list[datetime]:
    """Return so many instants of the day in order."""
    hours = dice.choices(range(24), HOURS, k=count)
    return sorted(day + timedelta(hours=hour, seconds=dice.uniform(0, 3600)) for hour in hours)

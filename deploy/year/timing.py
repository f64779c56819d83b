"""When the people of the plan act: within limits read from the district's own papers, or certainly after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.demo.world import shift
from shared.contracts.limits import Limit
from shared.district.calendar import WorkingCalendar

ON_THE_WAY = timedelta(minutes=12)
"""A report is sent some minutes after what it reports."""


def whole(at: datetime) -> datetime:
    """Return the instant in whole seconds, as people say it."""
    return at.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Timing:
    """`step` is how far the virtual clock jumps at most by day: nobody acts on what cannot have been heard of."""

    calendar: WorkingCalendar
    step: timedelta

    @property
    def slack(self) -> timedelta:
        """The least time from a cause to what somebody does about it."""
        return self.step + ON_THE_WAY

    def soon(self, after: datetime, chance: Random, minutes: float = 45.0) -> datetime:
        """Return an instant within the hour, by day."""
        return whole(shift(after + self.slack + timedelta(minutes=chance.uniform(0, minutes))))

    def prompt(self, start: datetime, limit: Limit, chance: Random) -> datetime:
        """Return an instant before the limit, sooner rather than later, by day where that is possible."""
        span = self.calendar.due(start, limit) - start
        least, most = min(self.slack, 0.95 * span), 0.95 * span
        wanted = max(least, span * chance.uniform(0.2, 0.95) ** 2)
        by_day = shift(start + wanted)
        return whole(by_day if by_day < start + most else start + wanted)

    def late(self, start: datetime, limit: Limit, chance: Random) -> datetime:
        """Return an instant after the limit, even if the task began as late as it can have."""
        return whole(shift(self.latest_due(start, limit) + timedelta(hours=chance.uniform(1, 12))))

    def latest_due(self, start: datetime, limit: Limit) -> datetime:
        """Return when the limit ends if the task began as late as it can have."""
        return self.calendar.due(start + self.slack, limit)

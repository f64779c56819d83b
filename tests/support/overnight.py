"""Random histories of disputes for the running system: short enough for a working day, with one batch at a time.

What was signed yesterday evening may break today: so nobody has to wait for midnight.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from shared.district.model import Profile
from tests.support.history import Sent
from tests.support.households import Households, settling
from tests.support.model.case import CaseFile
from tests.support.model.days import BEIJING
from tests.support.model.place import CODE

DAY = timedelta(days=1)
TIERS: list[dict[str, Any]] = [
    {"name": "community", "limit": "5 clock_hours"},
    {"name": "gold", "limit": "4 clock_hours"},
    {"name": "lawyer", "limit": "3 clock_hours"},
    {"name": "court", "limit": "20 calendar_days"},
]


def hasty(code: str) -> Profile:
    """Return a district whose mediators have hours, and in which what was due yesterday is broken this afternoon."""
    body = settling().body()
    body["mediation"] |= {"tiers": TIERS, "total": "9 clock_hours", "max_extension": "2 clock_hours"}
    body["agreements"] |= {"grace": "14 clock_hours", "remind_before": "2 hours", "visits": ["18 clock_hours"]}
    return Profile.model_validate(json.loads(json.dumps({**body, "version": 1}).replace(CODE, code)))


class Overnight(Households):
    """A history that comes far in few steps."""

    def next(self) -> Sent:
        """Make up what is sent next."""
        if not self.disputes():
            return self.quarrel()
        moves = [*[self.go_further] * 5, *[self.declare] * 2, super().next]
        return self.chance.pick(moves)()

    def signature(self) -> tuple[date, dict[str, str]]:
        """Mostly yesterday evening."""
        now = self.model.now.astimezone(BEIJING)
        evening = (now - DAY).replace(hour=20, minute=0)
        return self.chance.pick([(now.date(), {}), *[(evening.date(), {"occurred_at": evening.isoformat()})] * 3])

    def until_due(self) -> int:
        """On the first day or on the next."""
        return self.chance.number(0, 1)

    def declare(self) -> Sent:
        """One batch at a time: each counts by the hour, and nothing is sent near the moment at which one does."""
        if any(one.dispute.is_batch and one.open for one in self.disputes()):
            return self.household()
        return super().declare()

    def disputes(self) -> list[CaseFile]:
        """The disputes there are, batches as often as others."""
        return [one for one in self.model.cases.values() if one.dispute]

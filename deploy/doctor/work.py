"""Work that should have been done a moment ago: outboxes not emptied, clocks not looked at, claims that do not end.

A service does all of it within seconds, by itself and again after any crash. What is older tells that it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.doctor.finding import Finding, failure, or_ok, warning
from shared.infra.backlog import PARKED_PATIENCE_SECONDS
from shared.infra.clock import Clock

OUTBOXES, DUE, LEASES, PARKED, WATCHED = "outboxes", "what is due", "claims", "parked commands", "open cases"

AGGREGATES = (
    ("gw_intake", "reports"),
    ("gw_intake", "surges"),
    ("gw_router", "cases"),
    ("gw_escalation", "cases"),
    ("gw_escalation", "beats"),
    ("gw_notifier", "cases"),
    ("gw_notifier", "notices"),
)
"""Every collection that an engine keeps; all have the engine's indexes, so that each look costs what is wrong."""

LONGEST_CLAIM = timedelta(minutes=10)
PARKED_TOO_LONG = timedelta(seconds=PARKED_PATIENCE_SECONDS) + timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: `now` is real time, `clock` the district's, `patience` how old anything may be."""

    client: Any
    now: datetime
    clock: Clock
    patience: timedelta

    async def all(self) -> list[Finding]:
        """Look at everything.

        Raises:
            pymongo.errors.PyMongoError: the database does not answer.
        """
        return [
            *or_ok(OUTBOXES, "Everything that was decided has been said.", await self._outboxes()),
            *or_ok(DUE, "Everything that is due has been looked at.", await self._due()),
            *or_ok(LEASES, "No claim reaches far ahead.", await self._leases()),
            *or_ok(PARKED, "Nothing waits in vain for its case.", await self._parked()),
            *or_ok(WATCHED, "Each has a moment at which something happens by itself.", await self._unwatched()),
        ]

    async def _count(self, place: tuple[str, str], query: dict[str, Any]) -> int:
        database, collection = place
        number: int = await self.client[database][collection].count_documents(query)
        return number

    async def _outboxes(self) -> list[Finding]:
        found = []
        for place in AGGREGATES:
            query = {"outbox": {"$exists": True}, "saved_at": {"$lt": self.now - self.patience}}
            if number := await self._count(place, query):
                service = place[0].removeprefix("gw_")
                said = f"{number:,} documents of {'.'.join(place)} hold events that nobody has been told."
                advice = (
                    f"Start {service} if it is down. If it runs, its log says periodic_waits or batch_failed and why: "
                    "the broker refuses a record, or a topic is missing."
                )
                found.append(failure(OUTBOXES, said, advice))
        return found

    async def _due(self) -> list[Finding]:
        found = []
        for place in AGGREGATES:
            first = await self.client[place[0]][place[1]].find_one(
                {"due": {"$exists": True}}, {"due": 1}, sort=[("due", 1)]
            )
            late = self.clock.real_seconds(self.clock.now() - first["due"]) if first else 0
            if late > self.patience.total_seconds():
                said = f"{first['_id']} of {'.'.join(place)} has been due for {late:.0f} s, and nobody has looked."
                found.append(failure(DUE, said, _WHY_DUE.format(place[0].removeprefix("gw_"))))
        return found

    async def _leases(self) -> list[Finding]:
        found = []
        for place in AGGREGATES:
            query = {"due": {"$lte": self.clock.now()}, "lease": {"$gt": self.now + LONGEST_CLAIM}}
            if number := await self._count(place, query):
                said = (
                    f"{number:,} of {'.'.join(place)} are claimed for more than {LONGEST_CLAIM.seconds // 60} minutes."
                )
                advice = (
                    "A machine whose clock was ahead claimed them: set it right (NTP). To free them at once: "
                    f"db.{place[1]}.updateMany({{lease: {{$gt: new Date()}}}}, {{$unset: {{lease: 1}}}}) in {place[0]}."
                )
                found.append(warning(LEASES, said, advice))
        return found

    async def _parked(self) -> list[Finding]:
        found = []
        for place in AGGREGATES:
            if number := await self._count(place, {"parked_until": {"$lt": self.now - PARKED_TOO_LONG}}):
                said = f"Commands wait in {number:,} documents of {'.'.join(place)} for cases that never came."
                service = place[0].removeprefix("gw_")
                advice = (
                    f"{service} should have refused them by now: start it anew, and see gridwhistle dead-letters list."
                )
                found.append(warning(PARKED, said, advice))
        return found

    async def _unwatched(self) -> list[Finding]:
        number = await self._count(("gw_escalation", "cases"), {"open": True, "due": None})
        advice = "This is a defect: gridwhistle case explain ID says which clocks a case has; tell the maintainers."
        return [failure(WATCHED, f"{number:,} open cases have no due instant.", advice)] if number else []


_WHY_DUE = (
    "Start {0} if it is down. If it runs: it does not sweep while records wait (see its lag); one that fails again and "
    "again stands in its log as internal-error."
)

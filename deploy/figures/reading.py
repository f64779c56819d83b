"""Reading a district's ledger: each service's part from its own database, up to what had been written by an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.book import Book
from shared.infra.clock import Clock, pause
from shared.infra.ledger import COLLECTION, Ledger
from shared.infra.memory import settle
from shared.infra.mongo import as_transient, database_time

SERVICES = ("intake", "router", "escalation", "notifier")
SETTLED_SECONDS = 2.0
"""How long a page that the database has stamped may take until everybody can read it. Asked sooner, the same question
could have two answers."""

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Archive:
    """The four parts of the ledger."""

    client: Any
    clock: Clock
    services: Sequence[str] = SERVICES

    async def now(self) -> datetime:
        """Return what time it is by the database's clock, which stamps the pages.

        Raises:
            Transient: the database is away.
        """
        with as_transient():
            said = await database_time(self.client)
        return self.clock.at(int(said.timestamp() * 1000))

    async def settle(self, until: datetime) -> None:
        """Wait until nothing can be written any more that counts for an instant."""
        passed = self.clock.real_seconds(await self.now() - until)
        if passed < SETTLED_SECONDS:
            await pause(SETTLED_SECONDS - passed)

    async def book(self, district: str, until: datetime) -> Book:
        """Return what had been written by an instant.

        Raises:
            Transient: the database is away.
        """
        settle()  # what is read stays, and the collector would walk through it again and again
        book = Book()
        with as_transient():
            for ledger in self._parts():
                async for entry in ledger.read(district, until):
                    book.take(entry)
        return book

    async def since(self, district: str) -> datetime | None:
        """Return when the first page of a district was written; none where there is none.

        Raises:
            Transient: the database is away.
        """
        firsts = []
        with as_transient():
            for ledger in self._parts():
                pages = ledger.database[COLLECTION]
                found = await pages.find_one({"d": district}, {"at": 1}, sort=[("d", 1), ("at", 1)])
                firsts += [found["at"]] if found else []
        return min(firsts, default=None)

    def _parts(self) -> list[Ledger]:
        return [Ledger(self.client[f"gw_{service}"], self.clock) for service in self.services]


def instant_of(said: str, zone: ZoneInfo) -> datetime:
    """Return the instant that somebody means: without an offset in the zone, a day alone up to its end.

    Raises:
        ValueError: it is none.
    """
    if len(said) == len("2026-07-01"):
        return datetime.combine(date.fromisoformat(said) + timedelta(days=1), time(), zone) - MILLISECOND
    instant = datetime.fromisoformat(said)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)

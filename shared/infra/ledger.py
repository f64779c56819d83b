"""Storing the ledger: one document for all that a batch said in a district, stamped by the database itself.

An event leaves its outbox only when the broker *and* the ledger have it. What "as of" means follows from the stamp,
which is when the page was written: not what the event says, which may be published an hour after it was decided.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from bson import Binary, ObjectId
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import UpdateOne

from shared.infra.clock import Clock, ScaledClock, SystemClock
from shared.infra.engine.outbox import Outgoing
from shared.ledger.rows import Entry, entries_of, is_kept, page_of, row_of

COLLECTION = "ledger_pages"

_known_kept = lru_cache(maxsize=256)(is_kept)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of one service, in its own database; append-only: nothing here changes or removes a page."""

    database: AsyncIOMotorDatabase[dict[str, Any]]
    clock: Clock

    async def create_indexes(self) -> None:
        """Create the one index that reading needs."""
        await self.database[COLLECTION].create_index([("d", 1), ("at", 1)])

    async def note(self, records: Sequence[Outgoing]) -> None:
        """Write down what the records say that figures are made of; what is written twice counts once.

        Raises:
            pymongo.errors.PyMongoError: the database did not take it.
        """
        pages = [self._write(district, rows) for district, rows in rows_of(records).items()]
        if pages:
            await self.database[COLLECTION].bulk_write(pages, ordered=False)

    def _write(self, district: str, rows: list[list[Any]]) -> UpdateOne:
        fields = {
            "d": district,
            "n": len(rows),
            "at": database_now(self.clock),
            "b": {"$literal": Binary(page_of(rows))},
        }
        return UpdateOne({"_id": ObjectId()}, [{"$set": fields}], upsert=True)

    async def read(self, district: str, until: datetime) -> AsyncIterator[Entry]:
        """Yield what had been written of a district by an instant, as it was written, repetitions included."""
        found = self.database[COLLECTION].find({"d": district, "at": {"$lte": until}}, {"b": 1})
        async for page in found.sort([("d", 1), ("at", 1)]):
            for entry in entries_of(district, page["b"]):
                yield entry


def rows_of(records: Iterable[Outgoing]) -> dict[str, list[list[Any]]]:
    """Return the rows of what is kept of the records, by district."""
    rows: dict[str, list[list[Any]]] = {}
    for record in records:
        headers = dict(record.headers)
        event_type = headers["ce_type"].decode()
        if _known_kept(event_type):
            district = record.topic.split(".", 2)[1]
            rows.setdefault(district, []).append(row_of(event_type, headers["ce_id"].decode(), record.value))
    return rows


def database_now(clock: Clock) -> Any:
    """Return the expression by which the database says what domain time it is when it writes.

    A process that stood still between asking its own clock and sending the page would stamp it with a time that
    somebody may have asked about meanwhile.
    """
    if isinstance(clock, SystemClock):
        return "$$NOW"
    if isinstance(clock, ScaledClock):
        passed = {"$multiply": [{"$subtract": ["$$NOW", clock.origin]}, clock.rate]}
        return {"$add": [clock.start, passed]}
    return clock.now()

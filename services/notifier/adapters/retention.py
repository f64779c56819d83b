"""Forgetting: what the profile's retention says, by domain time, a page at a time.

Not a TTL index: that goes by the machine's clock, and a replay of last year would lose its notices as it sends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from shared.infra.clock import Clock

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Purge:
    """Deletes documents whose `expires` has passed; a notice that still waits is kept."""

    collections: Sequence[AsyncIOMotorCollection[dict[str, Any]]]
    clock: Clock

    async def create_indexes(self) -> None:
        """Create the index it looks by."""
        for collection in self.collections:
            await collection.create_index("expires", partialFilterExpression={"expires": {"$exists": True}})

    async def run(self) -> int:
        """Delete everything that is past its time; return how many documents."""
        return sum([await self._purge(collection) for collection in self.collections])

    async def _purge(self, collection: AsyncIOMotorCollection[dict[str, Any]]) -> int:
        query = {"expires": {"$lte": self.clock.now()}, "due": {"$exists": False}, "outbox": {"$exists": False}}
        gone = 0
        while ids := [found["_id"] async for found in collection.find(query, {"_id": 1}).limit(PAGE)]:
            gone += (await collection.delete_many({"_id": {"$in": ids}})).deleted_count
        return gone

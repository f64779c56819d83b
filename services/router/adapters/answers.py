"""The collection of what humans answered in triage; the database itself forgets what has been kept long enough."""

from __future__ import annotations

from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from services.router.domain.answers import COLLECTION


async def create_indexes(database: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
    """Create the index by which an export reads a district in order, and the one by which answers expire."""
    await database[COLLECTION].create_index([("district", 1), ("answered_at", 1)])
    await database[COLLECTION].create_index("expires_at", expireAfterSeconds=0)

"""Looking into the services' databases after a play: only to count, never to change."""

from __future__ import annotations

from typing import Any

from shared.infra.mongo import connected


async def duplicates_by_district(mongo_url: str) -> dict[str, int]:
    """Return how many exact duplicates intake recognised, by district: they change nothing and so say nothing."""
    with connected(mongo_url) as client:
        pipeline: list[dict[str, Any]] = [
            {"$match": {"s.duplicates": {"$gt": 0}}},
            {"$group": {"_id": {"$substrCP": ["$_id", 0, 6]}, "count": {"$sum": "$s.duplicates"}}},
        ]
        found = client["gw_intake"]["reports"].aggregate(pipeline)
        return {row["_id"]: int(row["count"]) async for row in found}

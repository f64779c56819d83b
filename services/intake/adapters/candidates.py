"""The query beside the engine: which accepted reports lie in some cells, and are told already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from services.intake.domain.nearness import Sighting
from services.intake.domain.saying import Saying

NEAR, WORDS = "s.near", "s.words"
_FIELDS = ("case_id", "category", "lon", "lat", "at", "sketch", "near", "words")
_DISTRICT = 6


@dataclass(frozen=True, slots=True)
class Candidates:
    """Reports that others may be merged into."""

    collection: AsyncIOMotorCollection[dict[str, Any]]

    async def create_indexes(self) -> None:
        """Create the indexes of the queries; only accepted reports with a place and a category are in one of them."""
        for field in (NEAR, WORDS):
            there = {field: {"$exists": True}}
            await self.collection.create_index([(field, 1), ("s.at", 1)], partialFilterExpression=there)

    async def find(self, cells: Collection[int], since: datetime, until: datetime) -> Mapping[int, Sequence[Sighting]]:
        """Return by cell the reports that happened between two instants, in one query on one index.

        Only what the broker has acknowledged (no outbox left): a merge must not overtake the report it is merged into.
        """
        found: dict[int, list[Sighting]] = {}
        if cells:
            async for document in self.collection.find(query(cells, since, until), projection()):
                state = document["s"]
                found.setdefault(state["near"], []).append(sighting_of(state))
        return found

    async def find_words(self, keys: Collection[int], since: datetime, until: datetime) -> Mapping[int, list[Saying]]:
        """Return by key the reports without a position that name a place; the same as `find` otherwise."""
        found: dict[int, list[Saying]] = {}
        if keys:
            async for document in self.collection.find(query(keys, since, until, WORDS), projection()):
                state = document["s"]
                for key in state["words"]:
                    found.setdefault(key, []).append(_saying(state))
        return found


def query(cells: Collection[int], since: datetime, until: datetime, field: str = NEAR) -> dict[str, Any]:
    """Return the filter of the query."""
    return {
        field: {"$in": sorted(cells)},
        "s.at": {"$gte": since, "$lte": until},
        "outbox": {"$exists": False},
    }


def projection() -> dict[str, int]:
    """Return the fields of the query."""
    return {"_id": 0, **{f"s.{name}": 1 for name in _FIELDS}}


def sighting_of(state: dict[str, Any]) -> Sighting:
    """Return a stored report as others are compared with it."""
    return Sighting(
        case_id=state["case_id"],
        district=state["case_id"][:_DISTRICT],
        category=state["category"],
        lon=state["lon"],
        lat=state["lat"],
        at=state["at"],
        sketch=state.get("sketch", ""),
    )


def _saying(state: dict[str, Any]) -> Saying:
    case_id, keys = state["case_id"], tuple(state["words"])
    return Saying(case_id, case_id[:_DISTRICT], state["category"], keys, state["at"], state.get("sketch", ""))

"""Looking for surges beside the hot path: where something new was reported, what else was, every so many seconds.

A report costs nothing but the note of its cell; the look asks once for a district's cells together. What a process
noted and had not looked at when it was killed is looked at with the next report there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake.adapters.candidates import sighting_of
from services.intake.domain.desk import Desk
from services.intake.domain.model import Draft
from services.intake.domain.nearness import Sighting, spots_around
from services.intake.domain.surging import Look, Surge, SurgeBook, book_id
from shared.decision import Transient
from shared.district.lookup import DirectoryIndex
from shared.infra.engine import Engine, Input

BOOKS = "surges"
MAX_SEEN = 5_000
"""Reports of one look at most; a district that gets more in a window has a surge already."""


@dataclass(slots=True)
class Noted:
    """Where and when something new was reported in a district since the last look."""

    since: datetime
    until: datetime
    cells: set[int] = field(default_factory=set)

    def add(self, other: Noted) -> None:
        """Take in what was noted elsewhere."""
        self.since, self.until = min(self.since, other.since), max(self.until, other.until)
        self.cells |= other.cells


@dataclass(slots=True)
class SurgeWatch:
    """Notes what came, and lets the districts' books decide on it."""

    engine: Engine[SurgeBook]
    reports: Any
    desk: Callable[[], Desk] = lambda: Desk({})
    noted: dict[str, Noted] = field(default_factory=dict)
    lasting: dict[str, tuple[Surge, ...]] = field(default_factory=dict)

    async def create_indexes(self) -> None:
        """Create the index of the look and those of the books."""
        there = {"s.spot": {"$exists": True}}
        await self.reports.create_index([("s.spot", 1), ("s.at", 1)], partialFilterExpression=there)
        await self.engine.store.create_indexes()

    def saw(self, drafts: Iterable[Draft]) -> None:
        """Note where reports lie; those of districts that look for no surges, or without a position, nowhere."""
        for draft in drafts:
            policy = draft.origin.index.profile.surge
            sighting = draft.sighting() if policy.enabled else None
            if isinstance(sighting, Sighting):
                self._note(sighting.district, Noted(sighting.at, sighting.at, set(spots_around(sighting, policy))))

    def _note(self, district: str, noted: Noted) -> None:
        if district in self.noted:
            self.noted[district].add(noted)
        else:
            self.noted[district] = noted

    def around(self, draft: Draft) -> str | None:
        """Return the parent case of a surge that is known to last where a report lies: its notices go with the others.

        What this process does not know yet the book finds out at the next look; then the report joins a little later.
        """
        surges = self.lasting.get(draft.origin.district)
        sighting = draft.sighting() if surges else None
        if not surges or not isinstance(sighting, Sighting):
            return None
        return next((one.case_id for one in surges if one.takes(sighting) and not one.full), None)

    async def look(self) -> None:
        """Look at what was noted.

        Raises:
            Transient: the database is away; what was noted stays noted.
        """
        noted, self.noted = self.noted, {}
        try:
            looks = [await self._around(district, one) for district, one in noted.items()]
            await self.engine.apply([Input(book_id(look.district), "", look) for look in looks])
            await self._learn(noted)
        except Transient:
            for district, one in noted.items():
                self._note(district, one)
            raise

    async def _learn(self, districts: Iterable[str]) -> None:
        """Read which surges last; asked only where something was reported."""
        ids = {book_id(district): district for district in districts}
        for id_, slot in (await self.engine.store.load(list(ids))).items() if ids else ():
            surges = slot.state.surges if slot.state else ()
            self.lasting[ids[id_]] = tuple(one for one in surges if not one.ended)

    async def _around(self, district: str, noted: Noted) -> Look:
        index: DirectoryIndex = self.desk().index(district)
        window = index.profile.surge.window
        query = {
            "s.spot": {"$in": sorted(noted.cells)},
            "s.at": {"$gte": noted.since - window, "$lte": noted.until + window},
            "outbox": {"$exists": False},
        }
        fields = {"_id": 0, **{f"s.{name}": 1 for name in ("case_id", "category", "lon", "lat", "at")}}
        found = self.reports.find(query, fields).limit(MAX_SEEN)
        return Look(index, tuple([sighting_of(one["s"]) async for one in found]))

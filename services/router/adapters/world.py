"""What decisions need besides the case: profiles, and how linked cases stand. Fetched before a batch is decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from services.router.adapters.mediation import Disputes
from services.router.domain.change import Mediating
from services.router.domain.model import Case
from shared.contracts.commands import AssignCase, CompleteTask, LinkCase, VerifyCase
from shared.contracts.escalations import ClockBreached
from shared.contracts.incidents import ReportFacts, SurgeDetected
from shared.decision import Poison, Tick
from shared.district.lookup import DirectoryIndex
from shared.infra.directory import ProfileCache, ProfileMissing
from shared.infra.engine import Input

MAY_CLOSE = (CompleteTask, AssignCase, VerifyCase, ClockBreached, Tick)
"""What can bring a case to its end, and so asks for its links."""

Cases = AsyncIOMotorCollection[dict[str, Any]]
States = Mapping[str, Case | None]


@dataclass(slots=True)
class FetchedWorld:
    """The world of the router's decisions. `prepare` fetches, everything else answers from memory."""

    profiles: ProfileCache
    cases: Cases
    _mediation: Disputes = field(init=False)
    _disputes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._mediation = Disputes(self.cases, self._known)

    async def prepare(self, inputs: Sequence[Input], states: dict[str, Case | None]) -> None:
        """Fetch what the decisions on these inputs will ask for.

        Raises:
            Transient: the database is away.
        """
        for district, version in set(_profiles(inputs, states)):
            # A version that is not there makes the record a dead letter when it is decided, and harms no other.
            with suppress(ProfileMissing):
                await self.profiles.fetch(district, version)
        await self._look_for_missing({one.event.other for one in inputs if isinstance(one.event, LinkCase)})
        await self._look_at_links(_links(inputs, states))
        await self._mediation.prepare(inputs, states)

    def _known(self, district: str, version: int) -> DirectoryIndex | None:
        with suppress(ProfileMissing):
            return self.profiles.get(district, version)
        return None

    async def _look_for_missing(self, named: set[str]) -> None:
        if not named:
            return
        query = {"_id": {"$in": sorted(named)}, "s": {"$exists": True}}
        there = {document["_id"] async for document in self.cases.find(query, {"_id": 1})}
        self._missing = named - there

    async def _look_at_links(self, links: Mapping[str, set[str]]) -> None:
        """Note the open disputes at the other end of each link, whichever end it was noted at."""
        if not links:
            return
        forward = sorted({other for others in links.values() for other in others})
        query = {
            "open": {"$exists": True},
            "s.category": {"$regex": "^D"},
            "$or": [{"_id": {"$in": forward}}, {"links": {"$in": sorted(links), "$exists": True}}],
        }
        found = [one async for one in self.cases.find(query, {"links": 1})]
        for case_id, others in links.items():
            held = [one["_id"] for one in found if one["_id"] in others or case_id in one.get("links", ())]
            self._disputes[case_id] = tuple(sorted(held))
            if not held:
                del self._disputes[case_id]

    def index(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile.

        Raises:
            Poison: `unknown-district`, when there is no such version.
        """
        try:
            return self.profiles.get(district, version)
        except ProfileMissing as missing:
            sentence = f"There is {missing}; apply it and replay this record."
            raise Poison("unknown-district", sentence) from missing

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return the disputes linked with a case, by either end, that are open."""
        return self._disputes.get(case_id, ())

    def is_missing(self, case_id: str) -> bool:
        """Say whether a case that a link names was looked for and is not there."""
        return case_id in self._missing

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return what the decisions on a dispute need of others."""
        return self._mediation.mediating(case, district, batch)


def _profiles(inputs: Sequence[Input], states: States) -> Iterator[tuple[str, int]]:
    """Yield the (district, version) of every state and of every report."""
    yield from ((state.district, state.profile_version) for state in states.values() if state is not None)
    for source in inputs:
        if isinstance(source.event, ReportFacts | SurgeDetected):
            yield source.event.district, source.event.profile_version


def _links(inputs: Sequence[Input], states: States) -> dict[str, set[str]]:
    """Return, for each case that may close in this batch, the cases it names or is just being linked with."""
    links: dict[str, set[str]] = {}
    for source in inputs:
        case = states.get(source.aggregate)
        if case is not None and not case.is_dispute and isinstance(source.event, MAY_CLOSE):
            links.setdefault(source.aggregate, set(case.links))
    for source in inputs:
        if isinstance(source.event, LinkCase) and source.aggregate in links:
            links[source.aggregate].add(source.event.other)
    return links

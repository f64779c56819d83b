"""What disputes need of other documents: how many a mediator has, the parent of a file, the files of a parent.

Fetched before a batch is decided, and only for what in it is a dispute: an ordinary report costs no query here. Loads
are counted from an index of running tiers, for those alone who serve the place, so that no scan is ever in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING

from services.router.domain.batches import named_batch
from services.router.domain.change import Mediating
from services.router.domain.model import Case
from shared.contracts.incidents import ReportAccepted
from shared.decision import Tick
from shared.district.lookup import DirectoryIndex
from shared.infra.engine import Input

Cases = AsyncIOMotorCollection[dict[str, Any]]
States = Mapping[str, Case | None]
IndexOf = Callable[[str, int], DirectoryIndex | None]
Place = tuple[str | None, str | None]


async def create_indexes(cases: Cases) -> None:
    """Create the indexes of running tiers by mediator, and of household files by batch and how they stand."""
    for name in ("mediator", "batch"):
        await cases.create_index([(name, ASCENDING)], partialFilterExpression={name: {"$gte": ""}})


@dataclass(slots=True)
class Disputes:
    """What was fetched for the disputes of a batch."""

    cases: Cases
    index_of: IndexOf
    _loads: dict[str, int] = field(default_factory=dict)
    _parents: dict[str, Case] = field(default_factory=dict)
    _files: dict[str, dict[str, int]] = field(default_factory=dict)

    async def prepare(self, inputs: Sequence[Input], states: States) -> None:
        """Fetch what the decisions on these inputs will ask for."""
        self._loads, self._parents, self._files = {}, {}, {}
        if wanted := {code for source in inputs for code in self._candidates(source, states)}:
            await self._count_loads(sorted(wanted))
        if batches := {batch for source in inputs if (batch := _batch_of(source, states)) is not None}:
            await self._read_parents(sorted(batches))
        for source in inputs:
            if _counts_files(states.get(source.aggregate)):
                await self._count_files(source.aggregate)

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return what was fetched, as far as it concerns one case; `batch` is the parent that its report names."""
        if not self._loads and not self._parents and not self._files:
            return _NOTHING
        prefix = f"{district}/"
        loads = {name.removeprefix(prefix): load for name, load in self._loads.items() if name.startswith(prefix)}
        parent = batch or (named_batch(case) if case is not None else None)
        files = self._files.get(case.case_id, {}) if case is not None else {}
        return Mediating(loads, self._parents.get(parent or ""), files)

    def _candidates(self, source: Input, states: States) -> Iterator[str]:
        """Yield the mediators of all tiers who may get a dispute by this input."""
        found = self._place(source, states)
        if found is None:
            return
        index, (township, community) = found
        for tier in index.profile.mediation.tiers:
            for one in index.mediators.serving(tier.name, township, community):
                yield f"{index.profile.code}/{one.code}"

    def _place(self, source: Input, states: States) -> tuple[DirectoryIndex, Place] | None:
        case, event = states.get(source.aggregate), source.event
        if case is not None and case.dispute is not None and not isinstance(event, Tick):
            index = self.index_of(case.district, case.profile_version)
            return (index, (case.dispute.township, case.dispute.community)) if index else None
        if case is not None and case.waiting is not None:
            index = self.index_of(case.district, case.profile_version)
            mediates = index is not None and bool(index.profile.mediation.categories)
            return (index, (case.waiting.township, case.waiting.community)) if index and mediates else None
        if case is None and isinstance(event, ReportAccepted) and event.category is not None:
            index = self.index_of(event.district, event.profile_version)
            mediated = index is not None and index.profile.mediation.covers(event.category)
            return (index, (event.township, event.community)) if index and mediated else None
        return None

    async def _count_loads(self, mediators: list[str]) -> None:
        stages: list[Mapping[str, Any]] = [
            {"$match": {"mediator": {"$in": mediators}}},
            {"$group": {"_id": "$mediator", "number": {"$sum": 1}}},
        ]
        self._loads = {row["_id"]: row["number"] async for row in self.cases.aggregate(stages)}
        self._loads.setdefault("", 0)

    async def _read_parents(self, batches: list[str]) -> None:
        query = {"_id": {"$in": batches}, "s": {"$exists": True}}
        async for document in self.cases.find(query, {"s": 1}):
            self._parents[document["_id"]] = Case.model_validate(document["s"])

    async def _count_files(self, parent: str) -> None:
        stages: list[Mapping[str, Any]] = [
            {"$match": {"batch": {"$gte": f"{parent}/", "$lt": f"{parent}0"}}},
            {"$group": {"_id": "$batch", "number": {"$sum": 1}}},
        ]
        counted = [(row["_id"], row["number"]) async for row in self.cases.aggregate(stages)]
        self._files[parent] = {name.rpartition("/")[2]: number for name, number in counted}


_NOTHING = Mediating()


def _batch_of(source: Input, states: States) -> str | None:
    case = states.get(source.aggregate)
    if case is not None:
        return named_batch(case)
    return source.event.batch if isinstance(source.event, ReportAccepted) else None


def _counts_files(case: Case | None) -> bool:
    """Say whether a case is the parent of a batch, or may become it."""
    return case is not None and case.dispute is not None and case.dispute.is_batch

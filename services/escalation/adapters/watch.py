"""Looks for what keeps coming back and for closings in bulk: by counting what is stored, off the way of the cases.

Each saved decision leaves a hint in memory (a source, a department). The look counts just what is hinted at, by
indexes that hold nothing else, and hands what it found to the engine, which tells it once. Hints that die with their
process come back: the first look asks for everything that there was enough of within its window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection

from services.escalation.domain.advising import Counted, Noticed, rule_of, window_of
from services.escalation.domain.edges import (
    Edge,
    Flagged,
    burst,
    closings_file,
    lookback,
    owner_key,
    stopped_at_the_edge,
)
from services.escalation.domain.model import Case
from shared.contracts.cases import CaseOpened
from shared.contracts.escalations import ClockKind, ClockStopped
from shared.contracts.incidents import Subject
from shared.decision import Transient
from shared.district.governance import AdvisoryRule
from shared.district.model import Profile
from shared.infra.directory import ProfileCache
from shared.infra.engine import Engine, Input
from shared.infra.engine.fold import Applied

NEWEST = 20
"""Cases that are named with what was found."""

PAGE = 200
MAX_MILLISECONDS = 20_000
"""A count that takes longer is given up and tried again: what is found must not weigh on a struggling database."""

Found = dict[str, Any]


@dataclass(slots=True)
class Watch:
    """One process's look-out; any number of replicas may look, for what is found has one file."""

    engine: Engine[Case]
    profiles: ProfileCache
    sources: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], set[datetime]] = field(default_factory=dict)
    begun: bool = False

    @property
    def cases(self) -> AsyncIOMotorCollection[Found]:
        """The cases of this service."""
        return self.engine.store.collection

    def note(self, applied: Applied[Case]) -> None:
        """Take the hints of a saved decision."""
        case = applied.decision.state
        if case.sources and isinstance(applied.source.event, CaseOpened):
            self.sources.update(case.sources)
        for event in applied.decision.events:
            if isinstance(event, ClockStopped) and event.kind is ClockKind.HANDLE and stopped_at_the_edge(case, event):
                self.edges.setdefault((case.district, event.owner), set()).add(event.occurred_at)

    async def look(self) -> int:
        """Count what was hinted at and what is to be measured; return how much was found.

        Raises:
            Transient: database or broker are away; the hints are kept.
        """
        sources, edges = self.sources, self.edges
        self.sources, self.edges = set(), {}
        try:
            if not self.begun:
                sources = sources | {one async for one in self._frequent()}
            inputs = [*await self._noticed(sources), *await self._flagged(edges), *await self._counted()]
            if inputs:
                await self.engine.apply(inputs)
        except Exception:
            self.sources |= sources
            for key, hints in edges.items():
                self.edges.setdefault(key, set()).update(hints)
            raise
        self.begun = True
        return len(inputs)

    # ---- advisories

    def _rules(self) -> Iterator[tuple[Profile, AdvisoryRule]]:
        for district in self.profiles.districts:
            profile = self.profiles.get(district).profile
            yield from ((profile, rule) for rule in profile.advisories.rules)

    async def _frequent(self) -> Any:
        """Yield every source of which there are enough cases in its window, found by a walk along the index."""
        now = self.engine.clock.now()
        for profile, rule in list(self._rules()):
            prefix = f"{profile.code}/{rule.id}/"
            within = {"$gte": prefix, "$lt": f"{prefix}\uffff"}
            stages: list[Found] = [
                {"$match": {"sources": within, "began": {"$gt": now - rule.window}}},
                {"$unwind": "$sources"},
                {"$match": {"sources": within}},
                {"$group": {"_id": "$sources", "number": {"$sum": 1}}},
                {"$match": {"number": {"$gte": rule.count}}},
            ]
            async for row in self.cases.aggregate(stages, maxTimeMS=MAX_MILLISECONDS):
                yield row["_id"]

    async def _noticed(self, sources: Iterable[str]) -> list[Input]:
        found = [one for source in sorted(sources) if (one := await self._enough(source)) is not None]
        return [Input(one.case_id, "", one) for one in found]

    async def _enough(self, source: str) -> Noticed | None:
        """Return what there is of a source, if it is enough for its rule."""
        district, now = source.partition("/")[0], self.engine.clock.now()
        if district not in self.profiles.districts:
            return None
        profile = self.profiles.get(district).profile
        rule = profile.advisories.rule(rule_of(source))
        if rule is None:
            return None
        since = now - rule.window
        query = {"sources": source, "began": {"$gt": since}}
        count = await self.cases.count_documents(query, maxTimeMS=MAX_MILLISECONDS)
        if count < rule.count:
            return None
        newest = [one async for one in self.cases.find(query, _NAMED).sort("began", -1).limit(NEWEST)]
        last = newest[0]["s"]
        subject = last.get("subject")
        return Noticed(
            district=district,
            source=source,
            profile_version=profile.version,
            count=count,
            since=since,
            recorded_at=now,
            cases=tuple(one["_id"] for one in newest),
            lead=last.get("lead", ""),
            subject=Subject.model_validate(subject) if subject else None,
        )

    async def _counted(self) -> list[Input]:
        """Return the advisories whose window after the issue is over, with what was counted before and after it."""
        now = self.engine.clock.now()
        query = {"measure": {"$lte": now}, **self._ours()}
        due = [one async for one in self.cases.find(query, {"s": 1}).limit(PAGE)]
        return [await self._before_and_after(Case.model_validate(one["s"]), now) for one in due]

    def _ours(self) -> Found:
        return {"district": {"$in": list(self.profiles.districts)}}

    async def _before_and_after(self, file: Case, now: datetime) -> Input:
        advice = file.advice
        if advice is None or advice.issued_at is None or advice.measure_at is None:
            raise Transient(f"the file {file.case_id} has nothing to measure")
        span = window_of(advice)
        before = await self._number(advice.source, advice.issued_at - span, advice.issued_at)
        after = await self._number(advice.source, advice.issued_at, advice.measure_at)
        return Input(file.case_id, "", Counted(file.district, file.case_id, before, after, now))

    async def _number(self, source: str, since: datetime, until: datetime) -> int:
        query = {"sources": source, "began": {"$gt": since, "$lte": until}}
        return await self.cases.count_documents(query, maxTimeMS=MAX_MILLISECONDS)

    # ---- closings in bulk

    async def _flagged(self, edges: dict[tuple[str, str], set[datetime]]) -> list[Input]:
        found = [await self._burst(*owner, hints) for owner, hints in sorted(edges.items())]
        return [Input(one.case_id, "", one) for one in found if one is not None]

    async def _burst(self, district: str, department: str, hints: set[datetime]) -> Flagged | None:
        """Return a department's burst about the instants hinted at; what is usual is only asked for if there is one."""
        if district not in self.profiles.districts:
            return None
        profile = self.profiles.get(district).profile
        policy, now = profile.closings, self.engine.clock.now()
        near = await self._edges(district, department, min(hints) - policy.window)
        if len(near) < policy.count:
            return None
        known = await self.cases.find_one({"_id": closings_file(district, department)}, {"s.flagged": 1})
        flagged = set(known["s"].get("flagged", ())) if known else set()
        since = min(hints) - lookback(policy)
        ordinary = [
            one
            for one in await self._edges(district, department, since)
            if one.at.astimezone(profile.zone).date().isoformat() not in flagged or one.at >= min(hints) - policy.window
        ]
        found = burst(ordinary, hints, policy, profile.zone)
        if found is None:
            return None
        day = found.edges[-1].at.astimezone(profile.zone).date()
        return Flagged(district, department, profile.version, day, found, now)

    async def _edges(self, district: str, department: str, since: datetime) -> list[Edge]:
        owner = owner_key(district, department)
        query = {"edges": {"$elemMatch": {"d": owner, "at": {"$gt": since}}}}
        found = [
            Edge(one["at"], case["_id"])
            async for case in self.cases.find(query, {"edges": 1}).max_time_ms(MAX_MILLISECONDS)
            for one in case["edges"]
            if one["d"] == owner and one["at"] > since
        ]
        return sorted(found, key=lambda edge: (edge.at, edge.case_id))


_NAMED = {"s.subject": 1, "s.lead": 1, "began": 1}

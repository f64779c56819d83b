"""The notices that wait, as the lanes take them: each claimed by exactly one worker for the length of a lease.

A claim is more than the lease of a sweep: a notice must not leave twice, so whoever reads it back has to find its own
token on it. What a crash leaves claimed comes free when the lease ends, and is sent again under the same key.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.delivery import CaseNow
from services.notifier.domain.notice import NoticeState
from shared.infra.clock import monotonic, wall_clock
from shared.infra.engine import AggregateStore
from shared.infra.engine.store import Slot

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """Notices that are this worker's until `ends` (monotonic seconds); `slots` as they were read, by id."""

    token: str
    notices: tuple[NoticeState, ...]
    ends: float
    slots: Mapping[str, Slot[NoticeState]] = field(default_factory=dict)

    def holds_for(self, seconds: float) -> bool:
        """Say whether the claim surely holds for so much longer."""
        return monotonic() + seconds < self.ends


@dataclass(frozen=True, slots=True)
class NoticeQueue:
    """Claims and counts notices. `districts`: only theirs, where this process serves only some."""

    store: AggregateStore[NoticeState]
    cases: Any
    worker: str
    lease: timedelta
    districts: tuple[str, ...] = ()
    _tokens: Iterator[int] = field(default_factory=itertools.count)

    async def create_indexes(self) -> None:
        """Create the indexes of the queries below, and the one by which an operator asks for a case's notices."""
        collection = self.store.collection
        waiting = {"due": {"$exists": True}}
        await collection.create_index([("channel", 1), ("due", 1)], partialFilterExpression=waiting)
        await collection.create_index(
            [("to", 1), ("sent_at", 1)], partialFilterExpression={"sent_at": {"$exists": True}}
        )
        await collection.create_index("s.case_id")

    async def claim(self, channel: Any, now: datetime, busy: Collection[str], limit: int) -> Claim:
        """Claim up to `limit` due notices of a channel, oldest first, none of the recipients in `busy`.

        `channel` is a name or a MongoDB condition on it.
        """
        collection = self.store.collection
        ends = monotonic() + self.lease.total_seconds()
        real_now = wall_clock()
        free: Document = {"$or": [{"lease": {"$exists": False}}, {"lease": {"$lt": real_now}}]}
        query: Document = {"channel": channel, "due": {"$lte": now}, "to": {"$nin": list(busy)}, **free}
        if self.districts:
            query["district"] = {"$in": list(self.districts)}
        ids = [found["_id"] async for found in collection.find(query, {"_id": 1}).sort("due", 1).limit(limit)]
        token = f"{self.worker}/{next(self._tokens)}"
        if not ids:
            return Claim(token, (), ends)
        mine = {"$set": {"lease": real_now + self.lease, "claim": token}}
        await collection.update_many({"_id": {"$in": ids}, "due": {"$lte": now}, **free}, mine)
        slots = await self._claimed(ids, token)
        notices = sorted((slot.state for slot in slots.values() if slot.state is not None), key=_turn)
        return Claim(token, tuple(notices), ends, slots)

    async def _claimed(self, ids: Sequence[str], token: str) -> dict[str, Slot[NoticeState]]:
        parts = {"v": 1, "s": 1, "outbox": 1, "parked": 1, "stamp": 1, "trace": 1}
        cursor = self.store.collection.find({"_id": {"$in": ids}, "claim": token}, parts)
        return {found["_id"]: self.store.slot(found) async for found in cursor}

    async def release(self, ids: Sequence[str], token: str) -> None:
        """Give back what was claimed and not begun."""
        if ids:
            await self.store.collection.update_many(
                {"_id": {"$in": list(ids)}, "claim": token}, {"$unset": {"lease": 1, "claim": 1}}
            )

    async def sent(self, recipients: Iterable[str], since: datetime) -> dict[str, list[datetime]]:
        """Return when messages that count went out to each recipient since an instant."""
        instants: dict[str, list[datetime]] = defaultdict(list)
        query = {"to": {"$in": list(recipients)}, "sent_at": {"$gt": since}}
        async for found in self.store.collection.find(query, {"_id": 0, "to": 1, "sent_at": 1}):
            instants[found["to"]].append(found["sent_at"])
        return instants

    async def cases_now(self, ids: Collection[str]) -> dict[str, CaseNow]:
        """Return as much of the cases as tells whether an older notice still has a point."""
        wanted = {f"s.{name}": 1 for name in ("episode", "closed", "done")}
        cursor = self.cases.find({"_id": {"$in": list(ids)}}, wanted)
        return {found["_id"]: _case_now(found.get("s", {})) async for found in cursor}

    async def pending(self) -> dict[str, int]:
        """Return how many notices of each channel are not finished."""
        stages: list[Document] = [
            {"$match": {"due": {"$exists": True}}},
            {"$group": {"_id": "$channel", "number": {"$sum": 1}}},
        ]
        return {found["_id"]: found["number"] async for found in self.store.collection.aggregate(stages)}


def _turn(state: NoticeState) -> tuple[Any, ...]:
    return state.due or state.queued_at, state.queued_at, state.case_id, state.serial


def _case_now(state: Document) -> CaseNow:
    return CaseNow(state.get("episode", 1), state.get("closed", False), tuple(state.get("done", ())))

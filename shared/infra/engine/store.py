"""The documents of one kind of aggregate: state, remembered causes, outbox and due instant in one document each.

Document: `_id`, `v` version, `s` state, `ids` marks of the last applied causes, `refused` marks of those refused,
`outbox` unpublished records, `stamp` of the save that wrote it, `saved_at` (real time), `due` (domain time), `parked`
records that wait for their case, `lease` (real time) of a sweep, and the service's own index fields.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic

from motor.motor_asyncio import AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import InsertOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from shared.decision import Companion, S
from shared.infra.engine.outbox import Outgoing

REMEMBERED = 2_000
"""Causes an aggregate remembers: four full batches, for all of a batch may be about one case and be delivered again.
With 256, a process killed before its commit counted half of a surge twice. Without any bound a talkative partner could
grow a case past MongoDB's document limit."""

DUPLICATE_KEY = 11000
_DUE = [("due", 1), ("_id", 1)]


@dataclass(slots=True)
class Slot(Generic[S]):
    """One aggregate while a batch works on it; the first `published` records of its outbox have gone out already.

    `trace` is where it was made by another's decision, if anybody followed that.
    """

    id: str
    version: int = 0
    state: S | None = None
    marks: set[bytes] = field(default_factory=set)
    outbox: list[Outgoing] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    stamp: str = ""
    trace: str | None = None
    published: int = 0
    new_marks: list[bytes] = field(default_factory=list)
    refused: set[bytes] = field(default_factory=set)
    new_refused: list[bytes] = field(default_factory=list)
    companions: list[Companion] = field(default_factory=list)
    changed: bool = False
    republish: bool = False


# No slots: on Python 3.11 a frozen generic with slots cannot be made as Class[Type](...).
@dataclass(frozen=True)
class AggregateStore(Generic[S]):
    """Loads and saves one kind of aggregate. `index` gives the fields beside the state that queries need.

    `districts`: only theirs are swept, where this process serves only some and has only their profiles.
    """

    database: AsyncIOMotorDatabase[dict[str, Any]]
    collection_name: str
    state_type: type[S]
    due: Callable[[S], datetime | None] = lambda _: None
    index: Callable[[S], dict[str, Any]] = lambda _: {}
    districts: tuple[str, ...] = ()

    @property
    def collection(self) -> AsyncIOMotorCollection[dict[str, Any]]:
        """The collection of the aggregates."""
        return self.database[self.collection_name]

    async def create_indexes(self) -> None:
        """Create what the engine's own queries need; services add theirs."""
        await self.collection.create_index(_DUE, partialFilterExpression={"due": {"$exists": True}})
        await self.collection.create_index("saved_at", partialFilterExpression={"outbox": {"$exists": True}})
        await self.collection.create_index("parked_until", partialFilterExpression={"parked_until": {"$exists": True}})

    async def load(self, ids: Sequence[str]) -> dict[str, Slot[S]]:
        """Return a slot for every id, in one query; an unknown id has version 0 and no state."""
        slots = {id_: Slot[S](id_) for id_ in ids}
        projection = {"v": 1, "s": 1, "ids": 1, "refused": 1, "outbox": 1, "parked": 1, "stamp": 1, "trace": 1}
        async for document in self.collection.find({"_id": {"$in": list(slots)}}, projection):
            slots[document["_id"]] = self.slot(document)
        return slots

    def slot(self, document: Mapping[str, Any]) -> Slot[S]:
        """Return the slot of a document that was read with its version."""
        state = document.get("s")
        return Slot(
            document["_id"],
            document["v"],
            None if state is None else self.state_type.model_validate(state),
            {bytes(mark) for mark in document.get("ids", ())},
            [Outgoing.from_document(record) for record in document.get("outbox", ())],
            list(document.get("parked", ())),
            document.get("stamp", ""),
            document.get("trace"),
            refused={bytes(mark) for mark in document.get("refused", ())},
        )

    async def save_companions(self, companions: Iterable[Companion]) -> None:
        """Insert the companions that are new."""
        by_collection: dict[str, list[dict[str, Any]]] = {}
        for companion in companions:
            by_collection.setdefault(companion.collection, []).append(dict(companion.document))
        for name, documents in by_collection.items():
            await self.insert_new(name, documents)

    async def insert_new(self, name: str, documents: Sequence[dict[str, Any]]) -> set[Any]:
        """Insert into a collection of this database what is not there yet; return the ids that were there."""
        try:
            await self.database[name].bulk_write([InsertOne(one) for one in documents], ordered=False)
        except BulkWriteError as error:
            return {documents[failure["index"]]["_id"] for failure in _duplicates(error)["writeErrors"]}
        return set()

    async def save(self, slots: Sequence[Slot[S]], stamp: str, saved_at: datetime) -> set[str]:
        """Write the slots, each guarded by the version it was decided on; return the ids that met a conflict."""
        operations = [self._operation(slot, stamp, saved_at) for slot in slots]
        if not operations:
            return set()
        written = await _bulk(self.collection, operations)
        if written == len(operations):
            return set()
        return await self._not_stamped([slot.id for slot in slots], stamp)

    def _operation(self, slot: Slot[S], stamp: str, saved_at: datetime) -> Any:
        fields: dict[str, Any] = {"v": slot.version + 1, "stamp": stamp, "saved_at": saved_at}
        gone: dict[str, int] = {"lease": 1}
        self._put(fields, gone, "outbox", [record.to_document() for record in slot.outbox] or None)
        self._put(fields, gone, "parked", slot.parked or None)
        if slot.parked:
            fields["parked_until"] = max(item["until"] for item in slot.parked)
        else:
            gone["parked_until"] = 1
        if slot.state is not None:
            for name, value in self._state_fields(slot.state).items():
                self._put(fields, gone, name, value)
        if slot.version == 0:
            self._put(fields, gone, "refused", slot.new_refused or None)
            return InsertOne({"_id": slot.id, **fields, "ids": slot.new_marks})
        update: dict[str, Any] = {"$set": fields, "$unset": gone}
        new = {name: marks for name, marks in (("ids", slot.new_marks), ("refused", slot.new_refused)) if marks}
        if new:
            update["$push"] = {name: {"$each": marks, "$slice": -REMEMBERED} for name, marks in new.items()}
        return UpdateOne({"_id": slot.id, "v": slot.version}, update)

    def _state_fields(self, state: S) -> dict[str, Any]:
        dumped = state.model_dump(mode="python", exclude_defaults=True)
        return {"s": dumped, "due": self.due(state), **self.index(state)}

    def companion(self, id_: str, state: S) -> Companion:
        """Return a new aggregate as the companion of another's decision; this store's engine takes it from there."""
        fields = {name: value for name, value in self._state_fields(state).items() if value is not None}
        return Companion(self.collection_name, {"_id": id_, "v": 1, "ids": [], **fields}, state)

    @staticmethod
    def _put(fields: dict[str, Any], gone: dict[str, int], name: str, value: Any) -> None:
        if value is None:
            gone[name] = 1
        else:
            fields[name] = value

    async def _not_stamped(self, ids: list[str], stamp: str) -> set[str]:
        written = self.collection.find({"_id": {"$in": ids}, "stamp": stamp}, {"_id": 1})
        return set(ids) - {document["_id"] async for document in written}

    async def remove_empty(self, ids: Sequence[str], stamp: str) -> None:
        """Remove the documents that a save left with nothing in them: neither a case nor anything that waits for it."""
        empty = {"s": {"$exists": False}, "parked": {"$exists": False}, "outbox": {"$exists": False}}
        await self.collection.delete_many({"_id": {"$in": list(ids)}, "stamp": stamp, **empty})

    async def mark_published(self, ids: Sequence[str], stamps: Collection[str]) -> None:
        """Empty the outboxes that these saves wrote, in one command; one saved again meanwhile keeps its own."""
        if ids:
            query = {"_id": {"$in": list(ids)}, "stamp": {"$in": list(stamps)}}
            await self.collection.update_many(query, {"$unset": {"outbox": 1}})

    async def unpublished(self, saved_before: datetime, limit: int) -> list[tuple[str, str, list[Outgoing]]]:
        """Return (id, stamp, records) of outboxes older than an instant, oldest first."""
        query = {"outbox": {"$exists": True}, "saved_at": {"$lt": saved_before}}
        cursor = self.collection.find(query, {"stamp": 1, "outbox": 1}).sort("saved_at", 1).limit(limit)
        return [
            (found["_id"], found["stamp"], [Outgoing.from_document(record) for record in found["outbox"]])
            async for found in cursor
        ]

    async def mark_relayed(self, relayed: Sequence[tuple[str, str]]) -> None:
        """Empty the outboxes of the given (id, stamp) pairs."""
        if relayed:
            await self.collection.bulk_write(
                [UpdateMany({"_id": id_, "stamp": stamp}, {"$unset": {"outbox": 1}}) for id_, stamp in relayed],
                ordered=False,
            )

    async def claim_due(self, now: datetime, real_now: datetime, lease: timedelta, limit: int) -> list[str]:
        """Lease up to `limit` aggregates that are due, oldest first, so that other replicas take others meanwhile.

        A lease only saves work: the version guard is what makes a doubled claim harmless.
        """
        free = {"$or": [{"lease": {"$exists": False}}, {"lease": {"$lt": real_now}}]}
        own = {"_id": {"$regex": f"^(?:{'|'.join(self.districts)})-"}} if self.districts else {}
        cursor = self.collection.find({"due": {"$lte": now}, **free, **own}, {"_id": 1}).sort("due", 1).limit(limit)
        if own:
            cursor = cursor.hint(_DUE)  # else the database may think of reading every id
        ids = [document["_id"] async for document in cursor]
        if ids:
            await self.collection.update_many({"_id": {"$in": ids}, **free}, {"$set": {"lease": real_now + lease}})
        return ids

    async def oldest_due(self) -> datetime | None:
        """Return the earliest due instant of all aggregates."""
        found = await self.collection.find_one({"due": {"$exists": True}}, {"due": 1}, sort=[("due", 1)])
        return None if found is None else found["due"]

    async def expired_parked(self, real_now: datetime, limit: int) -> list[str]:
        """Return ids of aggregates whose parked records have waited long enough."""
        cursor = self.collection.find({"parked_until": {"$lte": real_now}}, {"_id": 1}).limit(limit)
        return [document["_id"] async for document in cursor]


def born_in(trace: str | None, companion: Companion) -> Companion:
    """Return a new aggregate with the trace it was made in; any other document as it is."""
    return companion if companion.state is None else replace(companion, document={**companion.document, "trace": trace})


async def _bulk(collection: AsyncIOMotorCollection[dict[str, Any]], operations: list[Any]) -> int:
    """Run one unordered bulk write and return how many documents it wrote; a key that exists is no error."""
    try:
        result = await collection.bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        details = _duplicates(error)
        return int(details["nInserted"]) + int(details["nMatched"])
    return int(result.inserted_count) + int(result.matched_count)


def _duplicates(error: BulkWriteError) -> dict[str, Any]:
    """Return the details of an error in which nothing is wrong but keys that exist; raise any other again."""
    details: dict[str, Any] = dict(error.details or {})
    # A write that the majority has not confirmed may be rolled back; what was published of it could not.
    if details["writeConcernErrors"] or any(one["code"] != DUPLICATE_KEY for one in details["writeErrors"]):
        raise error
    return details

"""A database and a broker in memory, for tests that run the services' cores through the real engine.

A document is kept as BSON: whatever is decided on has gone through its stored form and back, as after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic

import bson
from bson.codec_options import CodecOptions

from shared.decision import Companion, S
from shared.infra.engine.fold import ParkedRecord
from shared.infra.engine.outbox import Outgoing
from shared.infra.engine.store import Slot

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


Documents = dict[str, dict[str, bytes]]
"""Collection -> id -> document."""


class MemoryStore(Generic[S]):
    """What the engine asks of its store, on a dictionary."""

    def __init__(
        self,
        database: Documents,
        name: str,
        state_type: type[S],
        due: Callable[[S], datetime | None] = lambda _: None,
    ) -> None:
        self.database, self.name, self.state_type, self.due = database, name, state_type, due
        self._read: dict[str, tuple[bytes, dict[str, Any], S | None]] = {}

    @property
    def documents(self) -> dict[str, bytes]:
        """The documents of this collection."""
        return self.database.setdefault(self.name, {})

    def read(self, id_: str) -> dict[str, Any]:
        """Return a document."""
        return self._whole(id_)[1]

    def _whole(self, id_: str) -> tuple[bytes, dict[str, Any], S | None]:
        """Return a document and its state, read anew whenever it was written."""
        stored, known = self.documents[id_], self._read.get(id_)
        if known is None or known[0] is not stored:
            document = bson.decode(stored, CODEC)
            state = None if document.get("s") is None else self.state_type.model_validate(document["s"])
            known = self._read[id_] = (stored, document, state)
        return known

    def states(self) -> dict[str, S]:
        """Return every state."""
        found = {id_: self._whole(id_)[2] for id_ in self.documents}
        return {id_: state for id_, state in found.items() if state is not None}

    async def load(self, ids: Sequence[str]) -> dict[str, Slot[S]]:
        """Return a slot for every id."""
        return {id_: self._slot(id_) if id_ in self.documents else Slot[S](id_) for id_ in ids}

    def _slot(self, id_: str) -> Slot[S]:
        _, document, state = self._whole(id_)
        return Slot(
            id_,
            document["v"],
            state,
            {bytes(mark) for mark in document["ids"]},
            [Outgoing.from_document(one) for one in document.get("outbox", ())],
            list(document.get("parked", ())),
            document.get("stamp", ""),
            refused={bytes(mark) for mark in document.get("refused", ())},
        )

    async def save(self, slots: Sequence[Slot[S]], stamp: str, saved_at: datetime) -> set[str]:
        """Write the slots."""
        del saved_at
        for slot in slots:
            old = self.read(slot.id) if slot.version else {}
            document = {
                "_id": slot.id,
                "v": slot.version + 1,
                "stamp": stamp,
                "ids": [*old.get("ids", ()), *slot.new_marks],
                "refused": [*old.get("refused", ()), *slot.new_refused],
                "outbox": [one.to_document() for one in slot.outbox],
                "parked": slot.parked,
                **({} if slot.state is None else self._fields(slot.state)),
            }
            self.documents[slot.id] = bson.encode(document)
        return set()

    def _fields(self, state: S) -> dict[str, Any]:
        return {"s": state.model_dump(mode="python", exclude_defaults=True), "due": self.due(state)}

    def companion(self, id_: str, state: S) -> Companion:
        """Return a new aggregate as the companion of another's decision."""
        return Companion(self.name, {"_id": id_, "v": 1, "ids": [], **self._fields(state)})

    async def save_companions(self, companions: Iterable[Companion]) -> None:
        """Insert the companions that are new."""
        for one in companions:
            kept = self.database.setdefault(one.collection, {})
            kept.setdefault(one.document["_id"], bson.encode(dict(one.document)))

    async def mark_published(self, ids: Sequence[str], stamps: Collection[str]) -> None:
        """Empty the outboxes."""
        for id_ in ids:
            document = self.read(id_)
            if document["stamp"] in stamps:
                self.documents[id_] = bson.encode({**document, "outbox": []})

    def dues(self) -> list[tuple[datetime, str]]:
        """Return what is due and when, the earliest first."""
        documents = [self.read(id_) for id_ in self.documents]
        return sorted((one["due"], one["_id"]) for one in documents if one.get("due"))


@dataclass
class MemoryBus:
    """Topics with one partition each; every reader has its own place in each."""

    topics: dict[str, list[ParkedRecord]] = field(default_factory=dict)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    now_ms: int = 0

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Append the records."""
        for one in records:
            topic = self.topics.setdefault(one.topic, [])
            topic.append(ParkedRecord(one.topic, 0, len(topic), self.now_ms, one.key, one.value, list(one.headers)))

    def waiting(self, reader: str, topics: Sequence[str]) -> list[str]:
        """Return the topics in which something waits for a reader."""
        return [one for one in topics if self.places.get((reader, one), 0) < len(self.topics.get(one, ()))]

    def take(self, reader: str, topic: str, number: int) -> list[ParkedRecord]:
        """Return the next records of a topic, and move on."""
        place = self.places.get((reader, topic), 0)
        records = self.topics[topic][place : place + number]
        self.places[reader, topic] = place + len(records)
        return records

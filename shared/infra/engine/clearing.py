"""What becomes of an outbox once the broker has its records: the ledger writes them down, and the outbox is emptied.

Both can wait for company. Done for each small batch they were a third of what the database had to do at a hundred
reports a second; done for all batches of a moment they are two commands. Until then the records are still in their
outboxes: whoever dies before the clearing leaves them to the relay, which publishes them again under the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol

from shared.decision import S
from shared.infra.engine.outbox import Outgoing
from shared.infra.engine.store import AggregateStore, Slot

MANY = 2_000
"""Records that are not kept waiting any longer."""


class Bookkeeper(Protocol):
    """Keeps for good what figures are made of; see `shared/infra/ledger.py`."""

    async def note(self, records: Sequence[Outgoing]) -> None:
        """Write down what was published; the same record may come again."""


class Owner(Protocol[S]):
    """The engine whose outboxes they are. One that is not `patient` clears at once."""

    store: AggregateStore[S]
    ledger: Bookkeeper | None
    patient: bool

    @property
    def wrap_step(self) -> Callable[[str, Any], Any]:
        """What a test may put around each step."""


@dataclass(slots=True)
class Published:
    """Records that the broker has: `stamps` are of the saves that put them into the outboxes, by aggregate."""

    stamps: dict[str, str]
    records: list[Outgoing]


@dataclass(slots=True)
class Clearing(Generic[S]):
    """Gathers what was published, and clears it."""

    owner: Owner[S]
    _stamps: dict[str, str] = field(default_factory=dict)
    _records: list[Outgoing] = field(default_factory=list)

    async def take(self, stamps: Mapping[str, str], records: Sequence[Outgoing]) -> None:
        """Take what was just published.

        Raises:
            pymongo.errors.PyMongoError: the database is away; what waits stays, and is cleared later.
        """
        self._stamps.update(stamps)
        if self.owner.ledger is not None:
            self._records += records
        if not self.owner.patient or len(self._stamps) + len(self._records) >= MANY:
            await self.clear()

    async def clear(self) -> None:
        """Write down and empty what waits.

        Raises:
            pymongo.errors.PyMongoError: as above.
        """
        if not self._stamps and not self._records:
            return
        batch, self._records = Published(dict(self._stamps), self._records), []
        try:
            for name, step in (("note", self._note), ("mark", self._mark)):
                await self.owner.wrap_step(name, step)(batch)
        except Exception:
            self._records = batch.records + self._records
            raise
        for id_, stamp in batch.stamps.items():
            if self._stamps.get(id_) == stamp:
                del self._stamps[id_]

    async def _note(self, batch: Published) -> None:
        if self.owner.ledger is not None and batch.records:
            await self.owner.ledger.note(batch.records)
            batch.records = []

    async def _mark(self, batch: Published) -> None:
        await self.owner.store.mark_published(list(batch.stamps), set(batch.stamps.values()))

    def recognise(self, slot: Slot[S]) -> None:
        """Say of an aggregate just read what of its outbox only waits to be cleared: it is not published again.

        It stays there all the same, for the ledger may not have it yet.
        """
        if slot.outbox and self._stamps.get(slot.id) == slot.stamp:
            slot.published = len(slot.outbox)

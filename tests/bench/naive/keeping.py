"""What the four handlers share: the settings, one document an aggregate, one message an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from faststream.kafka import KafkaBroker
from motor.motor_asyncio import AsyncIOMotorClient

from shared.contracts.base import Event
from shared.decision import Companion, Decision, S
from shared.district.lookup import DirectoryIndex
from shared.infra.clock import SystemClock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import Input
from shared.infra.engine.outbox import outgoing_events
from shared.infra.settings import ServiceSettings

CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Keeper(Generic[S]):
    """One service's collection and its way out."""

    service: str
    database: Any
    collection: str
    state_type: type[S]
    broker: KafkaBroker

    async def load(self, id_: str) -> S | None:
        """Return the state of an aggregate."""
        found = await self.database[self.collection].find_one({"_id": id_})
        return None if found is None else self.state_type.model_validate(found["s"])

    async def keep(self, id_: str, source: Input, decision: Decision[S], before: S | None) -> None:
        """Store what was decided, then tell it."""
        if decision.state is not before:
            document = {"_id": id_, "s": decision.state.model_dump(mode="python", exclude_defaults=True)}
            await self.database[self.collection].replace_one({"_id": id_}, document, upsert=True)
        await self.add(decision.companions)
        await self.tell(source, decision.events)

    async def add(self, companions: Iterable[Companion]) -> None:
        """Store the documents that come with a decision."""
        for one in companions:
            await self.database[one.collection].replace_one({"_id": one.document["_id"]}, one.document, upsert=True)

    async def tell(self, source: Input, events: Sequence[Event]) -> None:
        """Publish each event and wait for the broker."""
        for one in outgoing_events(self.service, source, events):
            headers = {name: value.decode() for name, value in one.headers}
            await self.broker.publish(one.value, one.topic, key=one.key, headers=headers)


class Directory:
    """The newest profile of each district, read once."""

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]]) -> None:
        self._cache = ProfileCache(ProfileStore(client[DATABASE]))

    async def read(self) -> None:
        """Read all."""
        await self._cache.refresh()

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return a profile."""
        return self._cache.get(district, version)

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest."""
        return self._cache.get(district)

    @property
    def every(self) -> dict[str, DirectoryIndex]:
        """The newest of every district."""
        return {district: self._cache.get(district) for district in self._cache.districts}


def connected(settings: ServiceSettings) -> tuple[AsyncIOMotorClient[dict[str, Any]], KafkaBroker]:
    """Return a database client and a broker, both with their defaults."""
    return AsyncIOMotorClient(settings.mongo_url, tz_aware=True), KafkaBroker(settings.kafka_bootstrap, logger=None)

"""Replacing a vault key: what is stored under an older one is sealed again under the newest, a page at a time.

Any number of replicas may do this at once: a document is replaced only while it is what was read. Once nothing is
left, the old key is needed for nothing but what topics still hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from motor.motor_asyncio import AsyncIOMotorCollection
from prometheus_client import CollectorRegistry, Gauge
from pymongo import ReturnDocument, UpdateOne

from shared.infra.clock import wall_clock
from shared.infra.log import get_logger
from shared.infra.vault import SealError, Vault

PAGE = 500
KEYS = "vault_keys"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SealMetrics:
    """What is stored under seal, and since when with the key that seals now."""

    documents: Gauge
    since: Gauge

    @classmethod
    def create(cls, registry: CollectorRegistry, service: str) -> Self:
        """Register the metrics of a service that keeps something under seal."""
        prefix = f"gridwhistle_{service}"
        documents = Gauge(
            f"{prefix}_sealed_documents",
            "Documents under seal, by the key that holds them.",
            ["key"],
            registry=registry,
        )
        for key in ("newest", "older"):
            documents.labels(key)
        since = Gauge(
            f"{prefix}_vault_key_since_timestamp_seconds",
            "Since when the key that seals does so here, in seconds since 1970.",
            registry=registry,
        )
        return cls(documents, since)


@dataclass(frozen=True, slots=True)
class Resealing:
    """Works on one collection: `sealed` is under the key that `key` names, for the owner that `owner` returns."""

    collection: AsyncIOMotorCollection[Document]
    vault: Vault
    owner: Callable[[Document], str]
    metrics: SealMetrics

    async def create_indexes(self) -> None:
        """Create the index by which what is left is found: looking for nothing costs nothing."""
        await self.collection.create_index("key")

    async def sweep(self) -> int:
        """Seal everything again that is under an older key; return how much that was."""
        done, after = 0, ""
        while page := await self._page(after):
            done += await self._seal_again(page)
            after = page[-1]["_id"]
        await self._count()
        if done:
            get_logger().info("sealed_again", documents=done, key=self.vault.sealing)
        return done

    async def _page(self, after: str) -> list[Document]:
        query = {"key": {"$ne": self.vault.sealing}, "_id": {"$gt": after}}
        return await self.collection.find(query).sort("_id", 1).limit(PAGE).to_list(PAGE)

    async def _seal_again(self, page: list[Document]) -> int:
        changes = [change for document in page if (change := self._change(document)) is not None]
        if not changes:
            return 0
        result = await self.collection.bulk_write(changes, ordered=False)
        return result.modified_count

    def _change(self, document: Document) -> UpdateOne | None:
        owner = self.owner(document)
        try:
            content = self.vault.open(document["sealed"], owner)
        except SealError as error:
            get_logger().error("cannot_be_sealed_again", collection=self.collection.name, error=str(error))
            return None
        fresh = {"sealed": self.vault.seal(content, owner), "key": self.vault.sealing}
        return UpdateOne({"_id": document["_id"], "sealed": document["sealed"]}, {"$set": fresh})

    async def _count(self) -> None:
        older = await self.collection.count_documents({"key": {"$ne": self.vault.sealing}})
        every = await self.collection.estimated_document_count()  # known to the database without looking
        self.metrics.documents.labels("older").set(older)
        self.metrics.documents.labels("newest").set(max(0, every - older))
        self.metrics.since.set(await self._since())

    async def _since(self) -> float:
        """Return when this database first saw the key that seals: files get new dates whenever they are handed on."""
        kept = await self.collection.database[KEYS].find_one_and_update(
            {"_id": self.vault.sealing},
            {"$setOnInsert": {"since": wall_clock()}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        since: datetime = kept["since"]
        return since.timestamp()

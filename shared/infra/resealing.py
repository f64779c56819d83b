"""Replacing a vault key: what is stored under an older one is sealed again under the newest, a page at a time.

Any number of replicas may do this at once: a document is replaced only while it is what was read. Once nothing is
left, the old key is needed for nothing but what topics still hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from prometheus_client import CollectorRegistry, Gauge
from pymongo import UpdateOne

from shared.infra.log import get_logger
from shared.infra.vault import SealError, Vault

PAGE = 500

Document = dict[str, Any]


def sealed_documents(registry: CollectorRegistry, service: str) -> Gauge:
    """Return the gauge of what is stored under seal, by whether the newest key holds it."""
    text = "Documents under seal, by the key that holds them."
    gauge = Gauge(f"gridwhistle_{service}_sealed_documents", text, ["key"], registry=registry)
    for key in ("newest", "older"):
        gauge.labels(key)
    return gauge


@dataclass(frozen=True, slots=True)
class Resealing:
    """Works on one collection: `sealed` is under the key that `key` names, for the owner that `owner` returns."""

    collection: AsyncIOMotorCollection[Document]
    vault: Vault
    owner: Callable[[Document], str]
    gauge: Gauge

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
        newest = await self.collection.count_documents({"key": self.vault.sealing})
        self.gauge.labels("older").set(older)
        self.gauge.labels("newest").set(newest)

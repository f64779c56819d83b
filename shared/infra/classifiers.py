"""Trained models in MongoDB, beside the profiles: versions written by the command line, read by intake.

A version never changes once written. One without a body says that the district goes by its code tables again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from bson import Binary
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo.errors import DuplicateKeyError

from shared.classifier.format import BadModelError, decode
from shared.classifier.suggester import Trained
from shared.decision import Transient
from shared.infra.directory import NEWEST
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

_ATTEMPTS = 5
_LOOKED_BACK = 5
"""Versions tried before a district goes by its code tables: more damage than that is no accident."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a model beside its bytes: what it was learnt from, and how often it was right on unseen texts."""

    rows: int = 0
    categories: int = 0
    accuracy: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A stored version, without its bytes."""

    district: str
    version: int
    stored_at: datetime
    sha256: str
    size: int
    facts: Facts


class ClassifierStore:
    """The collection `classifiers`; the database is handed in."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._models = database["classifiers"]

    async def put(self, district: str, body: bytes, facts: Facts, at: datetime) -> StoredModel:
        """Store a model as the next version of its district; an empty body means no model.

        Raises:
            Transient: the database is away, or others kept storing for this district at the same time.
        """
        digest = hashlib.sha256(body).hexdigest()
        with as_transient():
            await self._models.create_index([("district", 1), ("version", -1)])
            for _ in range(_ATTEMPTS):
                last = await self._models.find_one({"district": district}, {"version": 1}, sort=[("version", -1)])
                stored = StoredModel(district, 1 + (last["version"] if last else 0), at, digest, len(body), facts)
                try:
                    await self._models.insert_one(_document(stored, body))
                except DuplicateKeyError:
                    continue
                return stored
        raise Transient(f"others are storing models of district {district}; try again")

    async def history(self) -> list[StoredModel]:
        """Return every version of every district, oldest first."""
        with as_transient():
            found = self._models.find({}, {"body": 0}).sort([("district", 1), ("version", 1)])
            return [_stored(one) async for one in found]

    async def newest(self) -> dict[str, int]:
        """Return the newest version of each district."""
        with as_transient():
            return {one["_id"]: one["version"] async for one in self._models.aggregate(NEWEST)}

    async def body(self, district: str, version: int) -> bytes | None:
        """Return the bytes of a version, None where there is no such version."""
        with as_transient():
            found = await self._models.find_one({"_id": _key(district, version)}, {"body": 1})
        return None if found is None else bytes(found["body"])


def _nobody(district: str, *, refused: bool) -> None:
    del district, refused


class Watcher(Protocol):
    """Who hears whether the newest model of a district had to be refused."""

    def __call__(self, district: str, *, refused: bool) -> None:
        """Take note."""


class ClassifierCache:
    """The newest model of every district in memory; where that cannot be read, the newest before it that can."""

    def __init__(self, store: ClassifierStore, watcher: Watcher = _nobody) -> None:
        self._store = store
        self._watcher = watcher
        self._looked_at: dict[str, int] = {}
        self._models: dict[str, Trained] = {}

    async def refresh(self) -> tuple[str, ...]:
        """Pick up new versions; return the districts that got one. To be called every few seconds.

        Raises:
            Transient: the database is away; what is in memory stays as it is.
        """
        newest = await self._store.newest()
        fresh = {district: one for district, one in newest.items() if self._looked_at.get(district) != one}
        for district, version in fresh.items():
            at_work = await self._take(district, version)
            self._watcher(district, refused=at_work != version)
            self._looked_at[district] = version
        return tuple(sorted(fresh))

    async def _take(self, district: str, newest: int) -> int | None:
        """Put the newest version that can be read to work and return it."""
        for version in range(newest, max(0, newest - _LOOKED_BACK), -1):
            body = await self._store.body(district, version)
            trained = self._read(district, version, body) if body else None
            if trained is not None:
                self._models[district] = trained
                return version
            if body == b"":
                self._models.pop(district, None)
                return version
        return None

    @staticmethod
    def _read(district: str, version: int, body: bytes) -> Trained | None:
        try:
            return Trained(version, decode(body))
        except BadModelError as error:
            sentence = f"Version {version} of the classifier of district {district} is not used: {error}."
            get_logger().error("classifier_refused", district=district, version=version, why=sentence)
            return None

    def get(self, district: str) -> Trained | None:
        """Return the model of a district from memory."""
        return self._models.get(district)


def _key(district: str, version: int) -> str:
    return f"{district}@{version}"


def _document(stored: StoredModel, body: bytes) -> Document:
    return {**asdict(stored), "_id": _key(stored.district, stored.version), "body": Binary(body)}


def _stored(document: Mapping[str, Any]) -> StoredModel:
    facts = Facts(**document["facts"])
    rest = {name: document[name] for name in ("district", "version", "stored_at", "sha256", "size")}
    return StoredModel(**rest, facts=facts)

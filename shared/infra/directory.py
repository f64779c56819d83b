"""District profiles in MongoDB: versions written by the command line, read by every service.

A version never changes once written; a case keeps the version it was opened under. Bodies are compressed JSON.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Binary
from motor.motor_asyncio import AsyncIOMotorDatabase
from prometheus_client import Gauge
from pymongo.errors import DuplicateKeyError

from shared.decision import Transient
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.infra.clock import monotonic
from shared.infra.memory import settle
from shared.infra.mongo import as_transient

DATABASE = "gw_directory"
_ATTEMPTS = 5

KEPT_SECONDS = 300.0
"""How long an old version stays in memory after it was last fetched: several times what a batch may take with all its
retries. One that is needed later is read again; kept for ever, every version of every district was in every process."""

NEWEST: list[Mapping[str, Any]] = [
    {"$sort": {"district": 1, "version": -1}},
    {"$group": {"_id": "$district", "version": {"$first": "$version"}}},
]
"""One look into the index a district. Every process asks this every few seconds; the greatest of each group would be
found by reading every version with its body, gigabytes for a whole country."""

Document = dict[str, Any]


class ProfileMissing(Transient):
    """No such district or version is known (yet): a new district is picked up as soon as it is applied."""

    def __init__(self, district: str, version: int | None) -> None:
        called = f"district {district}" if version is None else f"version {version} of district {district}"
        super().__init__(f"no profile of {called} has been applied")
        self.district = district
        self.version = version


@dataclass(frozen=True, slots=True)
class Applied:
    """A stored version; `changed` is False when applying it wrote nothing because it was the latest already."""

    district: str
    version: int
    applied_at: datetime
    sha256: str
    changed: bool = False


def encode(profile: Profile) -> tuple[bytes, str]:
    """Return a profile's content, compressed, and its hash; the version is no part of it."""
    text = json.dumps(profile.body(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return zlib.compress(text, 9), hashlib.sha256(text).hexdigest()


def decode(body: bytes, version: int) -> Profile:
    """Return the profile a stored body holds, under its version."""
    return Profile.model_validate_json(zlib.decompress(body)).at_version(version)


class ProfileStore:
    """The collection `profiles`; the database is handed in."""

    def __init__(self, database: AsyncIOMotorDatabase[Document]) -> None:
        self._profiles = database["profiles"]

    async def apply(self, profile: Profile, at: datetime) -> Applied:
        """Store a profile as the next version of its district; the same content again writes nothing.

        Raises:
            Transient: the database is away, or others kept applying to this district at the same time.
        """
        body, digest = encode(profile)
        with as_transient():
            await self._profiles.create_index([("district", 1), ("version", -1)])
            for _ in range(_ATTEMPTS):
                last = await self.latest(profile.code)
                if last is not None and last.sha256 == digest:
                    return last
                version = 1 if last is None else last.version + 1
                applied = Applied(profile.code, version, at, digest, changed=True)
                try:
                    await self._profiles.insert_one(_document(applied, body))
                except DuplicateKeyError:
                    continue
                return applied
        raise Transient(f"others are applying profiles of district {profile.code}; try again")

    async def latest(self, district: str) -> Applied | None:
        """Return the newest version of a district, without its content."""
        found = await self._profiles.find_one({"district": district}, {"body": 0}, sort=[("version", -1)])
        return None if found is None else _applied(found)

    async def history(self) -> list[Applied]:
        """Return every version of every district, oldest first."""
        with as_transient():
            found = self._profiles.find({}, {"body": 0}).sort([("district", 1), ("version", 1)])
            return [_applied(one) async for one in found]

    async def newest(self) -> dict[str, int]:
        """Return the newest version of each district."""
        with as_transient():
            return {one["_id"]: one["version"] async for one in self._profiles.aggregate(NEWEST)}

    async def load(self, district: str, version: int | None = None) -> Profile:
        """Return a profile, the newest when no version is named.

        Raises:
            ProfileMissing: there is none.
            Transient: the database is away.
        """
        wanted: Document = {"district": district}
        if version is not None:
            wanted = {"_id": _key(district, version)}
        with as_transient():
            found = await self._profiles.find_one(wanted, sort=[("version", -1)])
        if found is None:
            raise ProfileMissing(district, version)
        return decode(found["body"], found["version"])


class ProfileCache:
    """Parsed and indexed profiles in memory: the newest of every district, and older ones while they are asked for.

    `get` never waits, so pure code may call it; `fetch` and `refresh` read what is missing. Only `refresh` forgets, and
    nothing that was fetched within `KEPT_SECONDS`: what a batch has fetched stays until it has been decided.
    """

    def __init__(self, store: ProfileStore, districts: Iterable[str] = (), versions: Gauge | None = None) -> None:
        """`versions` shows the newest version of each district that is in memory."""
        self._store = store
        self._versions = versions
        self._only = frozenset(districts)
        self._newest: dict[str, int] = {}
        self._indexes: dict[tuple[str, int], DirectoryIndex] = {}
        self._fetched_at: dict[tuple[str, int], float] = {}

    @property
    def districts(self) -> tuple[str, ...]:
        """The districts that have a profile."""
        return tuple(sorted(self._newest))

    async def refresh(self) -> tuple[str, ...]:
        """Pick up new versions; return the districts that got one. To be called every few seconds.

        Raises:
            Transient: the database is away; what is in memory stays as it is.
        """
        newest = await self._store.newest()
        fresh = {
            district: version
            for district, version in newest.items()
            if self._newest.get(district) != version and (not self._only or district in self._only)
        }
        for district, version in fresh.items():
            await self.fetch(district, version)
            self._newest[district] = version
            if self._versions is not None:
                self._versions.labels(district).set(version)
        if fresh:
            settle()
        self._forget_unused(monotonic() - KEPT_SECONDS)
        return tuple(sorted(fresh))

    def _forget_unused(self, before: float) -> None:
        newest = set(self._newest.items())
        for key in [key for key in self._indexes if key not in newest and self._fetched_at[key] < before]:
            del self._indexes[key], self._fetched_at[key]

    async def fetch(self, district: str, version: int | None = None) -> DirectoryIndex:
        """Return an index, read from the database first where memory does not have it.

        Raises:
            ProfileMissing: there is no such profile.
            Transient: the database is away.
        """
        wanted = self._newest.get(district) if version is None else version
        if wanted is None or (district, wanted) not in self._indexes:
            profile = await self._store.load(district, wanted)
            wanted = profile.version
            self._indexes[district, wanted] = DirectoryIndex(profile)
        self._fetched_at[district, wanted] = monotonic()
        return self._indexes[district, wanted]

    def get(self, district: str, version: int | None = None) -> DirectoryIndex:
        """Return an index from memory, of the newest version when none is named.

        Raises:
            ProfileMissing: it is not in memory; `fetch` it, or wait for the next `refresh`.
        """
        wanted = self._newest.get(district, 0) if version is None else version
        try:
            return self._indexes[district, wanted]
        except KeyError:
            raise ProfileMissing(district, version) from None


def _key(district: str, version: int) -> str:
    return f"{district}@{version}"


def _document(applied: Applied, body: bytes) -> Document:
    return {
        "_id": _key(applied.district, applied.version),
        "district": applied.district,
        "version": applied.version,
        "applied_at": applied.applied_at,
        "sha256": applied.sha256,
        "body": Binary(body),
    }


def _applied(document: Mapping[str, Any]) -> Applied:
    return Applied(document["district"], document["version"], document["applied_at"], document["sha256"])

"""Collections into files and back: BSON documents one behind the other, gzipped, indexes beside them.

The files are laid out as `mongodump --gzip` does, so that `mongorestore --gzip` can read them where this program is
gone.
"""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bson import json_util
from bson.raw_bson import RawBSONDocument

from deploy.backup.manifest import BackupError, Collection, Part, digest
from deploy.contracts.flows import SERVICES
from shared.infra.directory import DATABASE

DATABASES = (DATABASE, *(f"gw_{name}" for name in SERVICES))
"""Profiles first: everything else refers to them."""

LEVEL = 3
"""Of compression; the usual 6 takes twice the time for a few percent."""

ANSWER_SECONDS = 3_600.0
"""How long the database may take for one answer: an index of a million documents is made behind them."""

BATCH = 2_000
BATCH_BYTES = 8 * 1024 * 1024
_LENGTH = 4


@contextmanager
def compressed(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that nobody else may read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as plain,
        gzip.GzipFile(filename="", mode="wb", fileobj=plain, compresslevel=LEVEL, mtime=0) as file,
    ):
        yield file  # type: ignore[misc]  # a GzipFile is one, but does not say so


def part_of(folder: Path, path: Path, count: int) -> Part:
    """Return what the manifest says of a file."""
    return Part(file=str(path.relative_to(folder)), count=count, bytes=path.stat().st_size, sha256=digest(path))


async def save(database: Any, name: str, session: Any, folder: Path, wanted: Mapping[str, Any]) -> Collection:
    """Write what is wanted of a collection as it was at the session's instant.

    Raises:
        pymongo.errors.PyMongoError: the database is away, or does not remember the instant any more.
    """
    path = folder / database.name / f"{name}.bson.gz"
    count = 0
    with compressed(path) as file:
        async for batch in database[name].find_raw_batches(wanted, session=session):
            file.write(batch)
            count += _number_of(batch)
    with compressed(path.with_name(f"{name}.metadata.json.gz")) as file:
        indexes = [index async for index in database[name].list_indexes()]
        told = {"options": {}, "indexes": indexes, "collectionName": name, "type": "collection"}
        file.write(json_util.dumps(told, json_options=json_util.CANONICAL_JSON_OPTIONS).encode())
    part = part_of(folder, path, count)
    return Collection(**part.model_dump(), database=database.name, name=name)


def _number_of(batch: bytes) -> int:
    count, begin = 0, 0
    while begin < len(batch):
        begin += struct.unpack_from("<i", batch, begin)[0]
        count += 1
    return count


async def load(client: Any, folder: Path, saved: Collection) -> None:
    """Write a collection back, documents first and indexes behind them.

    Raises:
        BackupError: the file holds other than the manifest says.
        pymongo.errors.PyMongoError: the database is away or does not take it.
    """
    collection = client[saved.database][saved.name]
    count = 0
    for batch in batches(folder / saved.file):
        await collection.insert_many(batch, ordered=False)
        count += len(batch)
    if count != saved.count:
        raise BackupError(f"{saved.file} holds {count} documents, and should hold {saved.count}.")
    await _load_indexes(client[saved.database], folder / saved.file)


async def _load_indexes(database: Any, file: Path) -> None:
    name = file.name.removesuffix(".bson.gz")
    told: Mapping[str, Any] = json_util.loads(gzip.decompress(file.with_name(f"{name}.metadata.json.gz").read_bytes()))
    indexes: Sequence[Any] = told["indexes"]
    if indexes:
        # The one of `_id` too: of a collection in which nothing is, it is what makes it.
        await database.command("createIndexes", name, indexes=indexes)


def batches(path: Path) -> Iterator[list[RawBSONDocument]]:
    """Yield the documents of a file as they stand there, as many at once as a database takes well."""
    batch: list[RawBSONDocument] = []
    size = 0
    for document in documents(path):
        batch.append(document)
        size += len(document.raw)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def documents(path: Path) -> Iterator[RawBSONDocument]:
    """Yield the documents of a file one by one."""
    with gzip.open(path, "rb") as file:
        while length := file.read(_LENGTH):
            yield RawBSONDocument(length + file.read(struct.unpack("<i", length)[0] - _LENGTH))

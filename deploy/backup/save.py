"""Making a backup, of a system that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.errors import OperationFailure

from deploy.backup import databases, records
from deploy.backup.cut import GROUPS, Cut, cut
from deploy.backup.manifest import BackupError, Collection, Manifest
from deploy.backup.manifest import Positions as Read
from deploy.cli._broker import admin, consumer
from deploy.cli.vault import PLACES
from deploy.kafka.positions import EARLIEST, Positions
from shared.infra.clock import monotonic
from shared.infra.mongo import as_transient, connect
from shared.infra.vault import Vault

_GONE = frozenset({239, 246})
"""SnapshotTooOld, SnapshotUnavailable."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where from, and how. `vault` seals what partners have written and nobody has read yet."""

    bootstrap: str
    mongo_url: str
    folder: Path
    vault: Vault | None
    patience: float
    tell: Tell


async def save(source: Source) -> Manifest:
    """Write everything into an empty folder.

    Raises:
        BackupError: with a sentence that says what is in the way.
        Transient: the database is away.
    """
    _must_be_empty(source.folder)
    client = connect(source.mongo_url, socket_seconds=databases.ANSWER_SECONDS)
    try:
        with as_transient():
            return await _save(source, client)
    except OperationFailure as refused:
        raise _in_words(refused) from refused
    finally:
        client.close()


def _must_be_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty; a backup has a folder of its own.")


def _in_words(refused: OperationFailure) -> BackupError:
    if refused.code in _GONE:
        return BackupError(
            "The database does not remember the instant any more, or a collection was made just then. Try again; if it "
            "takes longer than the database remembers (five minutes), raise minSnapshotHistoryWindowInSeconds."
        )
    return BackupError(f"The database refused: {refused.details and refused.details.get('errmsg')}.")


async def _save(source: Source, client: Any) -> Manifest:
    begun = monotonic()
    wanted = [(name, one) for name in databases.DATABASES for one in sorted(await _names(client[name]))]
    async with admin(source.bootstrap) as broker, consumer(source.bootstrap) as reader:
        positions = await Positions.of(broker)
        async with cut(client, positions, source.patience) as found:
            source.tell(f"the instant was found after {monotonic() - begun:.1f} s ({found.looks} looks)")
            saved = [await _collection(source, client, found, *one) for one in wanted]
            keys = await _keys(client, found)
        stretches = list(records.stretches(found, await positions.ends(found.ends, EARLIEST)))
        part, sealed = await records.save(reader, stretches, source.vault, source.folder)
        source.tell(f"topics: {part.count:,} records")
    manifest = Manifest(
        as_of=found.time.as_datetime(),
        cluster_time=(found.time.time, found.time.inc),
        seconds=round(monotonic() - begun, 1),
        looks=found.looks,
        collections=tuple(saved),
        topics={name: count for name, count in positions.topics().items() if name.startswith("gw.")},
        positions=tuple(_positions(found)),
        records=part,
        keys=tuple(sorted(keys | sealed)),
    )
    manifest.write(source.folder)
    return manifest


async def _names(database: Any) -> list[str]:
    names: list[str] = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    return names


async def _collection(source: Source, client: Any, found: Cut, database: str, name: str) -> Collection:
    saved = await databases.save(client[database], name, found.session, source.folder)
    source.tell(f"{database}.{name}: {saved.count:,} documents, {saved.bytes:,} bytes")
    return saved


async def _keys(client: Any, found: Cut) -> set[str]:
    keys: set[str] = set()
    for database, collection in PLACES:
        keys.update(await client[database][collection].distinct("key", session=found.session))
    return keys


def _positions(found: Cut) -> Iterator[Read]:
    for group in GROUPS:
        by_topic: dict[str, dict[int, int]] = {}
        for partition in found.ends:
            if group in records.readers(partition.topic):
                committed = found.committed[group].get(partition, -1)
                by_topic.setdefault(partition.topic, {})[partition.partition] = committed
        for topic, places in sorted(by_topic.items()):
            yield Read(group=group, topic=topic, committed=tuple(places[number] for number in sorted(places)))

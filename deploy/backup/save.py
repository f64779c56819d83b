"""Making a backup, of a system that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.errors import OperationFailure

from deploy.backup import databases, records
from deploy.backup.belongings import Query, filter_of, there
from deploy.backup.cut import Cut, cut
from deploy.backup.manifest import BackupError, Collection, Manifest
from deploy.backup.manifest import Positions as Read
from deploy.cli._broker import admin, consumer
from deploy.cli.vault import PLACES
from deploy.contracts.flows import SERVICES, readers
from deploy.kafka.positions import EARLIEST, Positions
from deploy.kafka.rest import running, waiting
from shared.contracts.topics import UNLOCATED
from shared.infra.clock import monotonic
from shared.infra.mongo import as_transient, connect
from shared.infra.vault import Vault

_GONE = frozenset({239, 246})
"""SnapshotTooOld, SnapshotUnavailable."""

Tell = Callable[[str], None]
Wanted = tuple[str, str, Query]


@dataclass(frozen=True, slots=True)
class Source:
    """Where from, and how. `vault` seals what partners have written and nobody has read yet.

    `district`: that one alone, and only while no service runs unless it is to be a copy that nobody goes on with.
    """

    bootstrap: str
    mongo_url: str
    folder: Path
    vault: Vault | None
    patience: float
    tell: Tell
    district: str | None = None
    while_running: bool = False


async def save(source: Source) -> Manifest:
    """Write everything, or everything of a district, into an empty folder.

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
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        full = any(folder.iterdir())
    except OSError as error:
        raise BackupError(f"{folder} cannot be made or read: {error.strerror}.") from error
    if full:
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
    wanted = await _wanted(client, source.district)
    async with admin(source.bootstrap) as broker, consumer(source.bootstrap) as reader:
        positions = await Positions.of(broker)
        at_rest = not await running(positions)
        if source.district is not None:
            await _must_rest(source, positions, at_rest=at_rest)
            positions = positions.only(source.district)
        async with cut(client, positions, source.patience) as found:
            source.tell(f"the instant was found after {monotonic() - begun:.1f} s ({found.looks} looks)")
            saved = [await _collection(source, client, found, *one) for one in wanted]
            keys = await _keys(client, found, source.district)
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
        district=source.district,
        at_rest=at_rest,
        ends=_ends(found),
        positions=tuple(_positions(found)),
        records=part,
        keys=tuple(sorted(keys | sealed)),
    )
    manifest.write(source.folder)
    return manifest


async def _wanted(client: Any, district: str | None) -> list[Wanted]:
    """Return every collection there is something to take of, with the filter of what.

    Raises:
        BackupError: the district is nowhere, or whose a collection is is not known.
    """
    names = [(base, name) for base in databases.DATABASES for name in sorted(await _names(client[base]))]
    filters = [(base, name, filter_of(district, base, name)) for base, name in names]
    if district is not None and not await there(client, district):
        raise BackupError(f"Nothing of district {district} is here.")
    return [(base, name, wanted) for base, name, wanted in filters if wanted is not None]


async def _must_rest(source: Source, positions: Positions, *, at_rest: bool) -> None:
    """Refuse a district that somebody still serves: what is done to it after the instant would not be in the backup.

    Reports that nobody knows the district of may be of this one, as long as intake has not read them.
    """
    if source.while_running:
        return
    if not at_rest:
        raise BackupError(
            f"Services run here: {', '.join(await running(positions))}. A district is taken along while nobody serves "
            "it: end every replica first, of the pool too. For a copy that nobody is to go on with: --while-running."
        )
    if unread := await waiting(positions, UNLOCATED):
        raise BackupError(
            f"{sum(unread.values())} records without a district wait for intake, and may be of {source.district}. "
            "Start it, let it read them, end it."
        )


async def _names(database: Any) -> list[str]:
    names: list[str] = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^system\\."}}})
    return names


async def _collection(source: Source, client: Any, found: Cut, database: str, name: str, wanted: Query) -> Collection:
    saved = await databases.save(client[database], name, found.session, source.folder, wanted)
    source.tell(f"{database}.{name}: {saved.count:,} documents, {saved.bytes:,} bytes")
    return saved


async def _keys(client: Any, found: Cut, district: str | None) -> set[str]:
    keys: set[str] = set()
    for database, collection in PLACES:
        wanted = filter_of(district, database, collection)
        keys.update(await client[database][collection].distinct("key", wanted, session=found.session))
    return keys


def _ends(found: Cut) -> dict[str, tuple[int, ...]]:
    by_topic: dict[str, dict[int, int]] = {}
    for partition, end in found.ends.items():
        by_topic.setdefault(partition.topic, {})[partition.partition] = end
    return {topic: tuple(ends[number] for number in sorted(ends)) for topic, ends in sorted(by_topic.items())}


def _positions(found: Cut) -> Iterator[Read]:
    for group in SERVICES:
        by_topic: dict[str, dict[int, int]] = {}
        for partition in found.ends:
            if group in readers(partition.topic):
                committed = found.committed[group].get(partition, -1)
                by_topic.setdefault(partition.topic, {})[partition.partition] = committed
        for topic, places in sorted(by_topic.items()):
            yield Read(group=group, topic=topic, committed=tuple(places[number] for number in sorted(places)))

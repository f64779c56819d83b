"""Putting a backup back: databases first, then what was on its way between the services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo.errors import PyMongoError

from deploy.backup import databases, records
from deploy.backup.cut import GROUPS, partitions
from deploy.backup.manifest import BackupError, Manifest
from deploy.backup.save import Tell
from deploy.cli._broker import CLIENT, admin, options, producer
from deploy.kafka.apply import TopicRefusedError, apply
from deploy.kafka.positions import EARLIEST, Positions
from deploy.kafka.streams import INBOUND, settings_of
from deploy.kafka.topics import Layout, TopicSpec
from shared.contracts.topics import parse_topic
from shared.infra.clock import monotonic
from shared.infra.mongo import as_transient, connect

NOTHING = "Nothing was restored."


@dataclass(frozen=True, slots=True)
class Target:
    """Where to. `kept`: the broker is the one that the backup was made on, with all that was said since."""

    bootstrap: str
    mongo_url: str
    folder: Path
    replication: int
    kept: bool
    force: bool
    tell: Tell


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back. `again`: inbound records since then that intake reads once more; `lost`: that have gone."""

    manifest: Manifest
    records: int
    seconds: float
    again: int = 0
    lost: int = 0


async def restore(target: Target) -> Restored:
    """Put everything back, after looking whether it is whole and whether anything is in its place.

    Raises:
        BackupError: with a sentence that says what is in the way; before anything was changed, but for a broken file.
        Transient: the database is away.
    """
    begun = monotonic()
    manifest = Manifest.read(target.folder)
    client = connect(target.mongo_url, socket_seconds=databases.ANSWER_SECONDS)
    try:
        with as_transient():
            full = [name for name in databases.DATABASES if await _has_documents(client[name])]
            if full and not target.force:
                raise BackupError(f"There is something in {', '.join(full)}; --force throws it away. {NOTHING}")
            await _prepare_broker(target, manifest)
            for name in full:
                await client.drop_database(name)
                target.tell(f"{name}: thrown away")
            await _load(target, client, manifest)
            said, again, lost = await _say(target, manifest)
    except PyMongoError as error:
        raise BackupError(f"The database did not take it: {error}") from error
    finally:
        client.close()
    return Restored(manifest, said, round(monotonic() - begun, 1), again, lost)


async def _has_documents(database: Any) -> bool:
    return any([await database[name].find_one({}, {"_id": 1}) for name in await database.list_collection_names()])


async def _prepare_broker(target: Target, manifest: Manifest) -> None:
    async with admin(target.bootstrap) as broker:
        positions = await Positions.of(broker)
        running = [group for group in GROUPS if await positions.members(group)]
        if running:
            raise BackupError(f"Stop the services first; these are reading: {', '.join(running)}. {NOTHING}")
        if not target.kept:
            await _must_be_silent(positions, manifest)
            await _make_topics(target, broker, manifest)


async def _must_be_silent(positions: Positions, manifest: Manifest) -> None:
    """Refuse a broker on which there is something that the services would read beside what is said again."""
    ours = [one for one in positions.leaders if one.topic in manifest.topics and records.readers(one.topic)]
    full = sorted({one.topic for one, end in (await positions.ends(ours)).items() if end})
    if full:
        raise BackupError(
            f"On this broker {len(full)} topics hold records, {full[0]} among them. If it is the broker that the "
            f"backup was made on, say --kept-broker; else take one that is empty. {NOTHING}"
        )


async def _make_topics(target: Target, broker: AIOKafkaAdminClient, manifest: Manifest) -> None:
    layout = Layout(replication=target.replication)
    specs = [_spec(layout, name, count) for name, count in sorted(manifest.topics.items())]
    try:
        made = await apply(broker, specs)
    except TopicRefusedError as refused:
        raise BackupError(f"{refused}. {NOTHING}") from refused
    target.tell(f"topics: {sum(one.state == 'created' for one in made)} of {len(made)} were made")


def _spec(layout: Layout, name: str, count: int) -> TopicSpec:
    kind = parse_topic(name).suffix or INBOUND
    return layout.topic(name, settings_of(kind), count)


async def _load(target: Target, client: Any, manifest: Manifest) -> None:
    for collection in manifest.collections:
        await databases.load(client, target.folder, collection)
        target.tell(f"{collection.database}.{collection.name}: {collection.count:,} documents")


async def _say(target: Target, manifest: Manifest) -> tuple[int, int, int]:
    again = lost = 0
    if target.kept:
        again, lost = await _rewind(target, manifest)
    async with producer(target.bootstrap) as client:
        said = await records.publish(client, target.folder, manifest.topics, between_only=target.kept)
    target.tell(f"topics: {said:,} records said again")
    return said, again, lost


async def _rewind(target: Target, manifest: Manifest) -> tuple[int, int]:
    """Let intake read again what came since, and all others pass over what was said since: it will be said again.

    What services told each other follows from states that are lost. Heard beside what the restored states say, it would
    be a second story of the same cases.
    """
    async with admin(target.bootstrap) as broker:
        positions = await Positions.of(broker)
        ends = await positions.ends(positions.leaders)
        first = await positions.ends(partitions(positions, between=False), EARLIEST)
    wanted = {one: place for one, place in _intake_had_read(manifest) if one in first}
    again = {one: max(place, first[one]) for one, place in wanted.items()}
    await _commit(target, "intake", again)
    for group in GROUPS[1:]:
        await _commit(target, group, {one: end for one, end in ends.items() if _reads(group, one.topic)})
    lost = sum(max(0, first[one] - place) for one, place in wanted.items())
    return sum(ends[one] - place for one, place in again.items()), lost


def _intake_had_read(manifest: Manifest) -> Iterator[tuple[TopicPartition, int]]:
    for one in manifest.positions:
        if one.group == "intake":
            yield from (
                (TopicPartition(one.topic, number), max(0, place)) for number, place in enumerate(one.committed)
            )


def _reads(group: str, topic: str) -> bool:
    return topic.startswith("gw.") and group in records.readers(topic)


async def _commit(target: Target, group: str, places: dict[TopicPartition, int]) -> None:
    client = AIOKafkaConsumer(
        bootstrap_servers=target.bootstrap, client_id=CLIENT, group_id=group, enable_auto_commit=False, **options()
    )
    await client.start()
    try:
        if places:
            client.assign(list(places))
            await client.commit(places)
    finally:
        await client.stop()


def missing_keys(manifest: Manifest, known: Sequence[str]) -> list[str]:
    """Return the keys that something in the backup is sealed under and that are not among the known ones."""
    return sorted(set(manifest.keys) - set(known) - {""})

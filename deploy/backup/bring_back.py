"""Putting a backup back: databases first, then what was on its way between the services.

That of one district goes beside the others that are there; of a whole system, where nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo.errors import PyMongoError

from deploy.backup import databases, records
from deploy.backup.belongings import of_district, there
from deploy.backup.cut import partitions
from deploy.backup.manifest import BackupError, Manifest
from deploy.backup.save import Tell
from deploy.backup.sealed import must_open
from deploy.cli._broker import CLIENT, admin, options, producer
from deploy.contracts.flows import SERVICES, readers
from deploy.kafka.apply import TopicRefusedError, apply
from deploy.kafka.positions import EARLIEST, Positions
from deploy.kafka.rest import running
from deploy.kafka.streams import INBOUND, settings_of
from deploy.kafka.topics import Layout, TopicSpec
from shared.contracts.topics import parse_topic
from shared.infra.clock import monotonic
from shared.infra.mongo import as_transient, connect
from shared.infra.vault import Vault

NOTHING = "Nothing was restored."


@dataclass(frozen=True, slots=True)
class Target:
    """Where to. `kept`: the broker is the one that the backup was made on, with all that was said since.

    `vault` are the keys of the place; a district is not let in that they do not open.
    """

    bootstrap: str
    mongo_url: str
    folder: Path
    replication: int
    kept: bool
    force: bool
    tell: Tell
    vault: Vault | None = None


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
    if manifest.district is not None:
        _must_be_let_in(target, manifest)
    client = connect(target.mongo_url, socket_seconds=databases.ANSWER_SECONDS)
    try:
        with as_transient():
            full = await _in_its_place(client, manifest)
            if full and not target.force:
                raise BackupError(_taken(manifest, full))
            await _prepare_broker(target, manifest)
            await _make_room(target, client, manifest, full)
            await _load(target, client, manifest)
            said, again, lost = await _say(target, manifest)
    except PyMongoError as error:
        raise BackupError(f"The database did not take it: {error}") from error
    finally:
        client.close()
    return Restored(manifest, said, round(monotonic() - begun, 1), again, lost)


def _must_be_let_in(target: Target, manifest: Manifest) -> None:
    """Refuse a district whose persons nobody here could reach, or that is to be put back where others went on."""
    if target.kept:
        raise BackupError(f"It holds district {manifest.district} alone: --kept-broker is for a whole one. {NOTHING}")
    must_open(target.folder, manifest, target.vault)


async def _in_its_place(client: Any, manifest: Manifest) -> list[str]:
    """Return what is there already: databases, or collections with something of the district."""
    if manifest.district is not None:
        return await there(client, manifest.district)
    return [name for name in databases.DATABASES if await _has_documents(client[name])]


def _taken(manifest: Manifest, full: list[str]) -> str:
    if manifest.district is None:
        return f"There is something in {', '.join(full)}; --force throws it away. {NOTHING}"
    return (
        f"District {manifest.district} is here already: {', '.join(full)}. --force throws away what is here of it, and "
        f"of no other. {NOTHING}"
    )


async def _make_room(target: Target, client: Any, manifest: Manifest, full: list[str]) -> None:
    if manifest.district is not None:
        for (base, name), mine in of_district(manifest.district).items():
            await client[base][name].delete_many(mine)
    for name in full:
        if manifest.district is None:
            await client.drop_database(name)
        target.tell(f"{name}: thrown away")


async def _has_documents(database: Any) -> bool:
    return any([await database[name].find_one({}, {"_id": 1}) for name in await database.list_collection_names()])


async def _prepare_broker(target: Target, manifest: Manifest) -> None:
    async with admin(target.bootstrap) as broker:
        positions = await Positions.of(broker)
        if live := await running(positions):
            raise BackupError(f"Stop the services first; these are reading: {', '.join(live)}. {NOTHING}")
        if not target.kept:
            await _must_be_silent(positions, manifest)
            await _make_topics(target, broker, manifest)


async def _must_be_silent(positions: Positions, manifest: Manifest) -> None:
    """Refuse a broker on which there is something that the services would read beside what is said again."""
    ours = [one for one in positions.leaders if one.topic in manifest.topics and readers(one.topic)]
    full = sorted({one.topic for one, end in (await positions.ends(ours)).items() if end})
    if full:
        raise BackupError(f"On this broker {len(full)} topics hold records, {full[0]} among them. {_else(manifest)}")


def _else(manifest: Manifest) -> str:
    if manifest.district is not None:
        return f"Delete them first: gridwhistle topics drop --district {manifest.district}. {NOTHING}"
    return "If it is the broker that the backup was made on, say --kept-broker; else take one that is empty. " + NOTHING


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
    await commit(target.bootstrap, "intake", again)
    for group in SERVICES[1:]:
        await commit(target.bootstrap, group, {one: end for one, end in ends.items() if _reads(group, one.topic)})
    lost = sum(max(0, first[one] - place) for one, place in wanted.items())
    return sum(ends[one] - place for one, place in again.items()), lost


def _intake_had_read(manifest: Manifest) -> Iterator[tuple[TopicPartition, int]]:
    for one in manifest.positions:
        if one.group == "intake":
            yield from (
                (TopicPartition(one.topic, number), max(0, place)) for number, place in enumerate(one.committed)
            )


def _reads(group: str, topic: str) -> bool:
    return topic.startswith("gw.") and group in readers(topic)


async def commit(bootstrap: str, group: str, places: dict[TopicPartition, int]) -> None:
    """Say for a group in which nobody is how far it has read.

    Raises:
        KafkaError: the broker does not take it.
    """
    client = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, client_id=CLIENT, group_id=group, enable_auto_commit=False, **options()
    )
    await client.start()
    try:
        if places:
            client.assign(list(places))
            await client.commit(places)
    finally:
        await client.stop()

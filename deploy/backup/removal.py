"""Taking a district away from where it was, once it is put aside: exactly what the backup holds, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from deploy.backup.belongings import of_district
from deploy.backup.bring_back import commit
from deploy.backup.cut import BETWEEN
from deploy.backup.databases import ANSWER_SECONDS, documents
from deploy.backup.manifest import BackupError, Manifest
from deploy.cli._broker import admin
from deploy.contracts.flows import SERVICES, readers
from deploy.kafka.positions import Positions
from deploy.kafka.rest import running
from shared.contracts.topics import parse_topic
from shared.infra.mongo import as_transient, connect

NOTHING = "Nothing was removed."

Places = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is to go: documents by collection, and `late` records of partners that came after the backup and stay."""

    documents: Mapping[str, int]
    late: int


async def remove(bootstrap: str, mongo_url: str, folder: Path, district: str, *, do: bool) -> Leaving:
    """Remove a district's documents if the backup has every one of them as it is; without `do`, only look.

    Raises:
        BackupError: with a sentence that says what is in the way; nothing was changed then.
        Transient: the database is away.
    """
    manifest = Manifest.read(folder)
    if manifest.district != district:
        raise BackupError(f"{folder} is no backup of district {district} alone. {NOTHING}")
    client = connect(mongo_url, socket_seconds=ANSWER_SECONDS)
    try:
        with as_transient():
            late = await _must_have_ended(bootstrap, manifest)
            leaving = await _put_aside(client, folder, manifest, district)
            if do:
                for (base, name), mine in of_district(district).items():
                    await client[base][name].delete_many(mine)
                await _read_everything(bootstrap, manifest)
    finally:
        client.close()
    return Leaving(leaving, late)


async def _must_have_ended(bootstrap: str, manifest: Manifest) -> int:
    """Refuse while somebody may act for the district, or has since; return how many records partners sent since."""
    async with admin(bootstrap) as broker:
        positions = await Positions.of(broker)
        if live := await running(positions):
            raise BackupError(f"{', '.join(live)} still run; end every replica first, of the pool too. {NOTHING}")
        ends = _there(manifest, positions)
        now = await positions.ends(ends)
    since = {one: number for one, end in ends.items() if (number := now[one] - end)}
    if said := sum(number for one, number in since.items() if parse_topic(one.topic).suffix in BETWEEN):
        raise BackupError(f"Services have said {said} things of it since the backup: make another one. {NOTHING}")
    return sum(number for one, number in since.items() if parse_topic(one.topic).partner is not None)


def _there(manifest: Manifest, positions: Positions) -> Places:
    """Return the ends of the backup; of topics that are dropped already, nothing."""
    found = {
        TopicPartition(topic, number): end for topic, ends in manifest.ends.items() for number, end in enumerate(ends)
    }
    return {one: end for one, end in found.items() if one in positions.leaders}


async def _put_aside(client: Any, folder: Path, manifest: Manifest, district: str) -> dict[str, int]:
    """Count what is there, all of it in the backup byte for byte."""
    files = {(one.database, one.name): folder / one.file for one in manifest.collections}
    counts: dict[str, int] = {}
    for (base, name), mine in of_district(district).items():
        file = files.get((base, name))
        kept = {one["_id"]: _digest(one) for one in documents(file)} if file else {}
        raw: Any = client[base].get_collection(name, CodecOptions(RawBSONDocument))
        there = {one["_id"]: _digest(one) async for one in raw.find(mine)}
        if changed := [id_ for id_, digest in there.items() if kept.get(id_) != digest]:
            raise BackupError(
                f"{len(changed)} documents of {base}.{name} are not as they were put aside, {changed[0]} among them: "
                f"make another backup. {NOTHING}"
            )
        counts[f"{base}.{name}"] = len(there)
    return counts


def _digest(document: RawBSONDocument) -> bytes:
    return hashlib.sha256(document.raw).digest()


async def _read_everything(bootstrap: str, manifest: Manifest) -> None:
    """Note what went along as read, so that it is in nobody's way: neither told again here, nor holding up a drop."""
    async with admin(bootstrap) as broker:
        ends = _there(manifest, await Positions.of(broker))
    for group in SERVICES:
        await commit(bootstrap, group, {one: end for one, end in ends.items() if group in readers(one.topic)})

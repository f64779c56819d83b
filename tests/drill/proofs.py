"""What is compared after a restore: documents and indexes with what was put aside, notices with those of before."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from deploy.backup.databases import documents
from deploy.backup.manifest import Collection, Manifest
from shared.infra.mongo import connect

Documents = Mapping[Any, bytes]


async def differing(folder: Path, mongo_url: str) -> list[str]:
    """Return every collection whose documents or indexes are not, byte for byte, those of the backup."""
    manifest = Manifest.read(folder)
    client = connect(mongo_url)
    try:
        return [f"{one.database}.{one.name}" for one in manifest.collections if not await _equal(client, folder, one)]
    finally:
        client.close()


async def _equal(client: Any, folder: Path, one: Collection) -> bool:
    database = client[one.database]
    raw: Any = database.get_collection(one.name, CodecOptions(RawBSONDocument))
    stored = {document["_id"]: bytes(document.raw) async for document in raw.find({})}
    indexes = [dict(index) async for index in database[one.name].list_indexes()]
    return stored == saved(folder, one) and indexes == _saved_indexes(folder / one.file)


def saved(folder: Path, one: Collection) -> Documents:
    """Return the documents of a collection as they are in the backup, by id."""
    return {document["_id"]: bytes(document.raw) for document in documents(folder / one.file)}


def _saved_indexes(file: Path) -> list[dict[str, Any]]:
    path = file.with_name(file.name.replace(".bson.gz", ".metadata.json.gz"))
    return [dict(index) for index in json_util.loads(gzip.decompress(path.read_bytes()))["indexes"]]


def notices(file: Path) -> list[str]:
    """Return the ids of the notices that a stack has sent, each as often as it was."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [json.loads(line)["notice_id"] for line in lines]


def delivered(folder: Path) -> set[str]:
    """Return the ids of the notices that the backup knows to be delivered."""
    found = documents(folder / "gw_notifier" / "notices.bson.gz")
    return {one["_id"] for one in found if one.get("s", {}).get("status") == "delivered"}

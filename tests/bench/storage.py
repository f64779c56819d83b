"""A million cases, put straight into the collections: documents of a real run under other ids, their bytes patched."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient

from shared.infra.clock import wall_clock

TEMPLATES = 500
PAGE = 1_000
DAYS = 80
"""Stored reports are so many days old at most; what intake would forget at once is no stored report."""

LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"
COLLECTIONS = {
    "gw_intake": ("reports", "vault"),
    "gw_router": ("cases",),
    "gw_escalation": ("cases",),
    "gw_notifier": ("cases", "reporters", "notices"),
}
Document = dict[str, Any]


async def stored(url: str) -> int:
    """Return how many cases the router has."""
    client = AsyncIOMotorClient[Document](url)
    try:
        return await client["gw_router"]["cases"].estimated_document_count()
    finally:
        client.close()


async def grow(url: str, to: int, say: Callable[[str], None]) -> None:
    """Bring every collection to so many documents."""
    client = AsyncIOMotorClient[Document](url, tz_aware=True)
    try:
        for database, names in COLLECTIONS.items():
            await asyncio.gather(*(_fill(client[database][name], f"{database}.{name}", to) for name in names))
            say(f"  {database}: {to:,} documents in each of {', '.join(names)}")
    finally:
        client.close()


async def _fill(collection: Any, name: str, to: int) -> None:
    there = await collection.estimated_document_count()
    templates = [one async for one in collection.find({"outbox": {"$exists": False}}).limit(TEMPLATES)]
    copies = _copies([_aged(name, one) for one in templates], there, to)
    while page := [one for one, _ in zip(copies, range(PAGE), strict=False)]:
        command = {"insert": collection.name, "documents": page, "ordered": False}
        await collection.database.command(command)


def _aged(name: str, document: Document) -> Document:
    """Return a document as an old, quiet case has it: closed and no mediator's any more at the router.

    At escalation its clock is far ahead.
    """
    long_ago = wall_clock() - timedelta(days=_chance(document["_id"], DAYS) + 2)
    if name == "gw_router.cases":
        document = {key: value for key, value in document.items() if key not in ("open", "work", "due", "mediator")}
        document["s"]["state"] = "closed"
    if name == "gw_escalation.cases":
        document["due"] = wall_clock() + timedelta(days=365 + _chance(document["_id"], 365))
        if "began" in document:
            document["began"] = long_ago
    if name == "gw_intake.reports" and "at" in document["s"]:
        document["s"] |= {"at": long_ago, "day": long_ago.date().toordinal()}
    return document


def _chance(text: str, most: int) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % most


def _copies(templates: Sequence[Document], first: int, to: int) -> Iterator[RawBSONDocument]:
    """Yield documents under ids of their own: same length, so that the bytes can be patched in place."""
    raw = [(bson.encode(one), _names(one)) for one in templates]
    for number in range(first, to):
        content, names = raw[number % len(raw)]
        for old, renamed in names:
            content = content.replace(old, renamed(old, number))
        yield RawBSONDocument(content)


Renamed = Callable[[bytes, int], bytes]


def _names(document: Document) -> list[tuple[bytes, Renamed]]:
    """Return what must be new in a copy: the id of the case, and the document's own where it is another one.

    Place and source too: two thousand copies in one spot would be a crowd that no city has.
    """
    state = document.get("s", {})
    id_ = str(document["_id"])
    case = state.get("case_id") or document.get("case_id") or document.get("owner") or id_
    names: list[tuple[bytes, Renamed]] = []
    if "/" in id_ and not id_.startswith(case):
        names.append((id_.rpartition("/")[2].encode(), _numbered))
    elif "/" in id_:
        names.append((id_.rpartition("/")[2].encode(), _hashed))
    elif id_ != case:
        names.append((id_.encode(), _hashed))
    if "near" in state:
        names.append((_near(state["near"]), _elsewhere))
    names += [(source.encode(), _another_source) for source in document.get("sources", ())]
    return [*names, (case.encode(), _other_case)]


def _near(cell: int) -> bytes:
    """Return the field as BSON writes it: type, name, number."""
    return bson.encode({"near": cell})[4:-1]


def _elsewhere(old: bytes, number: int) -> bytes:
    head = old[: old.index(b"\0") + 1]
    return head + hashlib.blake2b(str(number).encode(), digest_size=len(old) - len(head)).digest()


def _another_source(old: bytes, number: int) -> bytes:
    return old[:7] + hashlib.sha512(old + str(number).encode()).hexdigest()[: len(old) - 7].encode()


def _numbered(old: bytes, number: int) -> bytes:
    return f"S{number:0{len(old) - 1}}".encode()


def _hashed(old: bytes, number: int) -> bytes:
    return hashlib.sha256(old + str(number).encode()).hexdigest()[: len(old)].encode()


def _other_case(old: bytes, number: int) -> bytes:
    """Return the id of a case of some day of the past months, scattered as real ones are."""
    day = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number % 180)).strftime("%y%m%d").encode()
    scattered = random.Random(number).getrandbits(20)
    tail = bytes(LETTERS[scattered >> shift & 31] for shift in (0, 5, 10, 15))
    unique = bytes(LETTERS[number >> shift & 31] for shift in (15, 10, 5, 0))
    return old[:7] + day + b"-" + tail + unique

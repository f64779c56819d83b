"""Looking for something everywhere it might have got to, in whatever wrapping: topics, databases, logs, metrics."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from unicodedata import normalize

import httpx
from aiokafka import ConsumerRecord

from deploy.cli._broker import consumer, topic_partitions
from deploy.cli._reading import partitions_of, up_to_now
from deploy.local import LocalStack
from shared.infra.mongo import connect

Found = tuple[str, str]
"""Where, and what was legible there."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_OURS = ("admin", "config", "local")


def legible(content: str | bytes) -> str:
    """Return everything that somebody who tries could read in it: escapes undone, base 64 decoded, blanks taken out."""
    text = content if isinstance(content, str) else content.decode(errors="replace")
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    inner = " ".join(_decoded(found[0]) for found in _BASE64.finditer(text))
    return re.sub(r"[\s().-]", "", normalize("NFKC", f"{text} {inner}")).lower()


def _decoded(text: str) -> str:
    try:
        return b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")
    except (Base64Error, ValueError):
        return ""


async def everywhere(stack: LocalStack) -> AsyncIterator[Found]:
    """Yield all that a running system holds, but for the file of notices, which are what people are meant to get."""
    async for record in records(stack.bootstrap):
        yield f"topic {record.topic} {record.partition}/{record.offset}", legible(b"\n".join(_parts(record)))
    async for found in _documents(stack.mongo_url):
        yield found
    for path in sorted(stack.config.logs.rglob("*")):
        if path.is_file():
            yield f"log {path.name}", legible(path.read_bytes())
    for name, component in stack.replicas():
        async with httpx.AsyncClient(base_url=component.url) as client:
            yield f"metrics {name}", legible((await client.get("/metrics")).content)


async def records(bootstrap: str) -> AsyncIterator[ConsumerRecord]:
    """Yield every record of every topic."""
    topics = await topic_partitions(bootstrap)
    async with consumer(bootstrap) as client:
        async for record in up_to_now(client, partitions_of(topics)):
            yield record


def _parts(record: ConsumerRecord) -> Iterable[bytes]:
    headers = (part for name, value in record.headers for part in (name.encode(), value or b""))
    return [record.key or b"", record.value or b"", *headers]


async def _documents(mongo_url: str) -> AsyncIterator[Found]:
    client = connect(mongo_url)
    try:
        for database in await client.list_database_names():
            for collection in [] if database in _OURS else await client[database].list_collection_names():
                async for document in client[database][collection].find({}):
                    yield f"{database}.{collection}", legible("\n".join(_values(document)))
    finally:
        client.close()


def _values(node: Any) -> Iterator[str]:
    """Yield every name and value of a document as text, bytes (outboxes hold some) as far as they are text."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield str(name)
            yield from _values(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _values(value)
    else:
        yield node.decode(errors="replace") if isinstance(node, bytes) else str(node)

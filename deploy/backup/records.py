"""What stands on topics and in no database: said and not yet heard by everybody, submitted and not yet read, refused.

A partner's records are sealed before they touch a disk of ours, as intake seals what comes over HTTP; it opens them
when they come back.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from bson import encode

from deploy.backup.cut import Cut
from deploy.backup.databases import compressed, documents, part_of
from deploy.backup.manifest import BackupError, Part
from deploy.contracts.flows import readers
from services.intake.domain.reading import Kind, Message, read_message
from shared.contracts.base import format_instant
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.topics import Topic, parse_topic
from shared.decision import Poison
from shared.infra.clock import SystemClock, monotonic
from shared.infra.engine.outbox import place_of
from shared.infra.sealed_records import key_of, opens, sealed
from shared.infra.vault import Vault

FILE = "records.bson.gz"
POLL_MS = 200
QUIET_SECONDS = 15.0
AT_ONCE = 500

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is kept of one partition: from `begin` to before `end`."""

    partition: TopicPartition
    begin: int
    end: int


def stretches(cut: Cut, first: Mapping[TopicPartition, int]) -> Iterator[Stretch]:
    """Yield what is to be kept of each topic; `first` are the oldest offsets that the broker has.

    Of a topic that services read: what the slowest of its readers has not committed. Of dead letters everything, for
    they are nowhere else. Of notifications nothing: no service reads them.
    """
    for partition, end in cut.ends.items():
        if parse_topic(partition.topic).suffix == Topic.NOTIFICATIONS:
            continue
        read = min((cut.committed[group].get(partition, 0) for group in readers(partition.topic)), default=0)
        begin = max(read, first[partition])
        if begin < end:
            yield Stretch(partition, begin, end)


async def save(
    client: AIOKafkaConsumer, wanted: Sequence[Stretch], vault: Vault | None, folder: Path
) -> tuple[Part, set[str]]:
    """Write the records of the stretches; return what was written, and the ids of the keys they are sealed under.

    Raises:
        BackupError: a partner's record is in the clear, and there is no key to seal it with.
        TimeoutError: the broker does not answer.
    """
    path = folder / FILE
    keys: set[str] = set()
    count = 0
    with compressed(path) as file:
        async for record in _read(client, wanted):
            value, headers = guarded(record, vault)
            keys.update(filter(None, [key_of(headers)]))
            file.write(encode(_document(record, value, headers)))
            count += 1
    return part_of(folder, path, count), keys


async def _read(client: AIOKafkaConsumer, wanted: Sequence[Stretch]) -> AsyncIterator[ConsumerRecord]:
    ends = {one.partition: one.end for one in wanted}
    if ends:
        client.assign(list(ends))
    for one in wanted:
        client.seek(one.partition, one.begin)
    deadline = monotonic() + QUIET_SECONDS
    while ends:
        for records in (await client.getmany(timeout_ms=POLL_MS)).values():
            deadline = monotonic() + QUIET_SECONDS
            for record in records:
                if record.offset < ends.get(TopicPartition(record.topic, record.partition), 0):
                    yield record
        ends = {one: end for one, end in ends.items() if await client.position(one) < end}
        if monotonic() > deadline:
            raise TimeoutError(f"no answer for {QUIET_SECONDS:.0f} s")


def _document(record: ConsumerRecord, value: bytes | None, headers: Headers) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "value": value,
        "headers": [[name, content] for name, content in headers],
    }


def guarded(record: ConsumerRecord, vault: Vault | None) -> tuple[bytes | None, Headers]:
    """Return value and headers as they may be kept: what a partner wrote is sealed, all else names nobody."""
    if parse_topic(record.topic).partner is None or not record.value:
        return record.value, record.headers
    if vault is None:
        raise BackupError(
            "Partners' records wait for intake, and may name people. GW_VAULT_KEYS_FILE must say with which key they "
            "are sealed before they are kept; intake's own file will do."
        )
    if opens(vault, record):
        return record.value, record.headers
    value, headers = _named(record)
    closed, header = sealed(vault, record.topic, value)
    return closed, [*header, *headers]


def _named(record: ConsumerRecord) -> tuple[bytes, Headers]:
    """Return a command with the id that intake gives it for good.

    A bare command is known by its place on the topic. On another broker it has another place, would be a second
    command, and would be judged again although its first life is in the state already.
    """
    message = _command(record)
    if message is None:
        return record.value, record.headers
    name = parse_topic(record.topic)
    envelope = Envelope(
        id=message.id or place_of(record),
        source=f"/{name.district}/{name.partner}",
        type=message.type,
        time=format_instant(SystemClock().at(max(0, record.timestamp))),
        traceparent=message.traceparent,
    )
    return json.dumps(message.payload, ensure_ascii=False).encode(), to_headers(envelope)


def _command(record: ConsumerRecord) -> Message | None:
    try:
        message = read_message(record.headers, record.value)
    except Poison:
        return None
    return message if message.kind is Kind.COMMAND else None


async def publish(producer: AIOKafkaProducer, folder: Path, topics: Mapping[str, int], *, between_only: bool) -> int:
    """Say again what was kept, each record on its own partition and in its order; return how many.

    `between_only`: only what services say to each other, for all else still stands on the broker.

    Raises:
        KafkaError: the broker does not take it.
    """
    waiting: list[Any] = []
    count = 0
    for document in documents(folder / FILE):
        topic = document["topic"]
        if between_only and not _is_between(topic):
            continue
        waiting.append(await _send(producer, document, topics[topic]))
        count += 1
        if len(waiting) >= AT_ONCE:
            await _acknowledged(waiting)
            waiting = []
    await _acknowledged(waiting)
    return count


def _is_between(topic: str) -> bool:
    return parse_topic(topic).partner is None and bool(readers(topic))


async def _send(producer: AIOKafkaProducer, document: Mapping[str, Any], partitions: int) -> Any:
    headers = [(name, _bytes(content)) for name, content in document["headers"]]
    partition = document["partition"] % partitions
    key, value = _bytes(document["key"]), _bytes(document["value"])
    return await producer.send(document["topic"], value, key, partition=partition, headers=headers)


def _bytes(content: Any) -> bytes | None:
    return None if content is None else bytes(content)


async def _acknowledged(waiting: Sequence[Any]) -> None:
    for one in waiting:
        await one

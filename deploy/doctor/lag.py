"""Whether anybody reads, and how long what is not read has waited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.contracts.flows import SERVICES, readers
from deploy.doctor.finding import Finding, failure, ok, warning
from deploy.kafka.positions import EARLIEST, Positions
from deploy.kafka.streams import INBOUND, STREAMS
from shared.contracts.topics import parse_topic
from shared.infra.clock import SystemClock, monotonic

LOOKED_AT = 20
"""Partitions whose first waiting record is looked at, those with the most first."""

ANSWER_SECONDS = 5.0
POLL_MS = 200
TEN_TIMES = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a group has not read: how many records, and since when the oldest waits."""

    records: int
    partition: TopicPartition | None = None
    since: datetime | None = None


async def look(positions: Positions, reader: AIOKafkaConsumer, now: datetime, patience: timedelta) -> list[Finding]:
    """Look at every service's group.

    Raises:
        KafkaError: the broker does not answer.
    """
    ours = [one for one in positions.leaders if one.topic.startswith("gw.")]
    ends, first = await positions.ends(ours), await positions.ends(ours, EARLIEST)
    found = list[Finding]()
    for group in SERVICES:
        committed = await positions.committed(group)
        mine = [one for one in ours if group in readers(one.topic)]
        begin = {one: max(committed.get(one, 0), first[one]) for one in mine}
        left = {one: place for one, place in begin.items() if ends[one] > place}
        waiting = await _oldest(reader, left, ends)
        found += _judge(group, await positions.members(group), waiting, now, patience)
    return found


async def _oldest(
    reader: AIOKafkaConsumer, left: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> Waiting:
    count = sum(ends[one] - place for one, place in left.items())
    most = sorted(left, key=lambda one: left[one] - ends[one])[:LOOKED_AT]
    told = {one: stamp for one in most if (stamp := await _stamp(reader, one, left[one])) is not None}
    if not told:
        return Waiting(count)
    oldest = min(told, key=lambda one: told[one])
    return Waiting(count, oldest, SystemClock().at(told[oldest]))


async def _stamp(reader: AIOKafkaConsumer, partition: TopicPartition, place: int) -> int | None:
    """Return when the record at a place came, in milliseconds since 1970; None when the broker does not show it."""
    reader.assign([partition])
    reader.seek(partition, place)
    deadline = monotonic() + ANSWER_SECONDS
    while monotonic() < deadline:
        for records in (await reader.getmany(timeout_ms=POLL_MS, max_records=1)).values():
            return int(records[0].timestamp)
    return None


async def newest_stamp(positions: Positions, reader: AIOKafkaConsumer) -> datetime | None:
    """Return the newest instant that the broker stamped on what partners sent; None when there is nothing.

    Raises:
        KafkaError: the broker does not answer.
    """
    inbound = [one for one in positions.leaders if one.topic.startswith("gw.") and ".in." in one.topic]
    ends = await positions.ends(inbound)
    most = sorted((one for one in inbound if ends[one]), key=lambda one: -ends[one])[:LOOKED_AT]
    stamps = [await _stamp(reader, one, ends[one] - 1) for one in most]
    return max((SystemClock().at(stamp) for stamp in stamps if stamp), default=None)


def _judge(group: str, members: int, waiting: Waiting, now: datetime, patience: timedelta) -> Iterable[Finding]:
    check = f"{group} reads"
    if not members:
        yield failure(check, f"Nobody is in the group {group}; {waiting.records:,} records wait.", _start(group))
        return
    age = now - waiting.since if waiting.since else timedelta(0)
    if waiting.partition is None or age < patience:
        yield ok(check, f"{members} members; {waiting.records:,} records are on their way.")
        return
    said = f"{waiting.records:,} records wait, the oldest for {_words(age)} on {waiting.partition.topic}."
    kept = timedelta(days=STREAMS[parse_topic(waiting.partition.topic).suffix or INBOUND].days)
    if age > kept / 2:
        yield failure(check, said, f"Lengthen retention.ms of the topic now: after {kept.days} days they are gone.")
    elif age > patience * TEN_TIMES:
        yield failure(
            check, said, f"See in the log of {group} what it tries again and again; more replicas if it is busy."
        )
    else:
        yield warning(check, said, f"More replicas of {group}, or workers for the district: gridwhistle run {group}.")


def _start(group: str) -> str:
    return f"Start it (gridwhistle run {group}); if it runs, its log says why it does not get to the broker."


def _words(age: timedelta) -> str:
    return f"{age.total_seconds():.0f} s" if age < timedelta(hours=2) else f"{age / timedelta(hours=1):.0f} hours"

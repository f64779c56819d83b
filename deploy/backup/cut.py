"""The instant of a backup: one at which databases and topics agree about what has been said.

All databases are read as of one instant, which MongoDB gives (a snapshot). What has been said but not yet heard by
everybody at that instant is on topics, and is put aside too. Which records those are can be told exactly only when no
service is saying anything: an event that was appended just then may be of a state that the snapshot has or has not. So
the instant is looked for: where the topics between the services ended before the snapshot they must end after it.
Among services nothing is said most of the time, even under load, for they work in batches.

Then the snapshot holds the state behind every record before these ends, because a service saves before it says; and
every event that has left its outbox is before these ends, because it is said before the outbox is emptied.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from bson import Timestamp

from deploy.backup.manifest import BackupError
from deploy.contracts.flows import SERVICES
from deploy.kafka.positions import Positions
from shared.contracts.topics import Topic, parse_topic
from shared.infra.clock import monotonic, pause
from shared.infra.directory import DATABASE

BETWEEN = frozenset({Topic.INCIDENTS, Topic.COMMANDS, Topic.CASES, Topic.ESCALATIONS})
"""The topics on which services talk to each other."""

PAUSE_SECONDS = 0.02

Places = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """The instant, and how the topics stood. `session` reads the databases as of it."""

    session: Any
    time: Timestamp
    committed: Mapping[str, Places]
    ends: Places
    looks: int


def partitions(positions: Positions, *, between: bool) -> list[TopicPartition]:
    """Return our partitions: those between services, or all others."""
    return [one for one in positions.leaders if (kind := _kind(one.topic)) and (kind in BETWEEN) == between]


def _kind(topic: str) -> str:
    try:
        name = parse_topic(topic)
    except ValueError:
        return ""
    return name.suffix or "in"


@asynccontextmanager
async def cut(client: Any, positions: Positions, patience: float) -> AsyncIterator[Cut]:
    """Look for an instant at which no service says anything, for `patience` seconds at most.

    Raises:
        BackupError: there was none.
        KafkaError: the broker is away.
        pymongo.errors.PyMongoError: the database is away, or is no replica set.
    """
    committed = {group: await positions.committed(group) for group in SERVICES}
    watched = partitions(positions, between=True)
    deadline, looks = monotonic() + patience, 0
    while True:
        looks += 1
        async with await client.start_session(snapshot=True) as session:
            before = await positions.ends(watched)
            await client[DATABASE]["profiles"].find_one({}, {"_id": 1}, session=session)
            if before == await positions.ends(watched):
                ends = before | await positions.ends(partitions(positions, between=False))
                time = session.delegate._snapshot_time  # noqa: SLF001 - told nowhere else
                yield Cut(session, time, committed, ends, looks)
                return
        if monotonic() > deadline:
            raise BackupError(
                f"In {patience:.0f} s there was no instant at which the services said nothing ({looks} looks). Wait "
                "for a quieter hour, or stop them meanwhile; --patience says for how long it is looked for."
            )
        await pause(PAUSE_SECONDS)

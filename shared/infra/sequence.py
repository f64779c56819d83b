"""Sending records over one producer so that within a partition none overtakes another, also when some are refused.

An idempotent producer numbers what it sends to a partition, and behind a batch that was refused the broker refuses what
follows. Only where it has not yet taken anything from the producer does it not know with which number to begin: there
a second batch is taken although the first was refused, and what is then sent again comes too late. So the first record
to a partition goes alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from shared.infra.engine.outbox import Outgoing

_partition_of = DefaultPartitioner()

Placed = tuple[Outgoing, int | None]


@dataclass(slots=True)
class Line:
    """A producer, and the partitions to which it has sent something that was taken."""

    producer: AIOKafkaProducer
    begun: set[tuple[str, int]] = field(default_factory=set)

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Send the records, in order per key, and wait for all of them.

        Raises:
            KafkaError: the broker did not take some; of a partition's records it took none behind one that it refused.
        """
        first, rest = self._split(await self._place(records))
        if first:
            await self._all([(record, partition) for (_, partition), record in first.items()])
            self.begun.update(first)
        await self._all(rest)

    async def _place(self, records: Sequence[Outgoing]) -> list[Placed]:
        topics = {record.topic for record in records}
        partitions = {topic: sorted(await self.producer.partitions_for(topic)) for topic in topics}
        return [
            (record, _partition_of(record.key, partitions[record.topic], ()) if record.key else None)
            for record in records
        ]

    def _split(self, placed: Sequence[Placed]) -> tuple[dict[tuple[str, int], Outgoing], list[Placed]]:
        """Return the first record of each partition that has taken nothing yet, and all others."""
        first: dict[tuple[str, int], Outgoing] = {}
        rest: list[Placed] = []
        for record, partition in placed:
            if partition is None or (place := (record.topic, partition)) in self.begun or place in first:
                rest.append((record, partition))
            else:
                first[place] = record
        return first, rest

    async def _all(self, placed: Sequence[Placed]) -> None:
        futures = [
            await self.producer.send(record.topic, record.value, record.key or None, partition, headers=record.headers)
            for record, partition in placed
        ]
        await asyncio.gather(*futures)

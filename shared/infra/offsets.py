"""Committing what was handled: together for all batches of a moment, instead of once behind each.

A commit is a request, a record in the broker's own log and a wait before the next batch. What is not committed yet when
a process dies is delivered again, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.decision import Transient
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

COMMIT_SECONDS = 0.25
"""How much may have to be delivered again after a crash, and how often the broker is asked to write an offset down."""

ANSWER_SECONDS = 5.0
"""How long one commit may take, and a rebalance or a shutdown wait for it. The library asks for ever."""


@dataclass(slots=True)
class Offsets:
    """What one subscription has handled and not committed; `settle` is what must be done before it is committed."""

    settle: Sequence[Callable[[], Awaitable[Any]]]
    _consumer: AIOKafkaConsumer | None = None
    _handled: dict[TopicPartition, int] = field(default_factory=dict)
    _closing: bool = False
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handled(self, consumer: AIOKafkaConsumer, records: Iterable[Any]) -> None:
        """Note that everything up to these records is safe."""
        self._consumer = consumer
        for record in records:
            self._handled[TopicPartition(record.topic, record.partition)] = record.offset + 1
        if self._closing:
            await self.commit_in_time()

    async def commit(self) -> None:
        """Settle, and commit what was handled until now.

        Raises:
            Transient: database or broker do not answer; nothing counts as committed, and everything is tried again.
        """
        async with self._one:
            handled, self._handled = self._handled, {}
            try:
                with as_transient():
                    for work in self.settle:
                        await work()
                await self._commit(handled)
            except BaseException:
                self._handled = handled | self._handled
                raise

    async def _commit(self, handled: dict[TopicPartition, int]) -> None:
        """Commit; partitions that others have by now are theirs, and what is not committed comes again."""
        if self._consumer is None:
            return
        own = self._consumer.assignment()
        offsets = {partition: offset for partition, offset in handled.items() if partition in own}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if offsets:
                    await self._consumer.commit(offsets)
        except TimeoutError as error:
            raise Transient(f"the broker did not commit {len(offsets)} offsets") from error
        except (KafkaError, IllegalStateError) as error:
            get_logger().warning("not_committed", partitions=len(offsets), error=type(error).__name__)

    async def commit_in_time(self) -> None:
        """Commit before the partitions are given away; whatever goes wrong, they are given away all the same."""
        with suppress(Exception):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.commit()

    async def close(self) -> None:
        """Commit now, and from now on behind each batch: the consumer is about to be stopped."""
        self._closing = True
        await self.commit_in_time()


@dataclass(slots=True)
class CommitsBeforehand(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Commits what was handled before the partitions may go to somebody else."""

    offsets: Offsets

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Commit."""
        del revoked
        await self.offsets.commit_in_time()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing is to be done."""

"""Sending inbound records as a partner would: keyed, acknowledged by all replicas, counted when acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from deploy.partner.messages import Inbound


class Publisher:
    """An open producer. `acknowledged` counts the records that the broker has taken for good."""

    def __init__(self, bootstrap: str, *, idempotent: bool) -> None:
        self.acknowledged = 0
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="gw-partner",
            acks="all",
            enable_idempotence=idempotent,
            linger_ms=2,
            max_batch_size=256 * 1024,
            max_request_size=2 * 1024 * 1024,
        )

    async def __aenter__(self) -> Self:
        """Connect."""
        await self._producer.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Send what is still buffered and close."""
        await self._producer.stop()

    async def send(self, records: Iterable[Inbound]) -> None:
        """Send the records, in order per key, and wait until the broker has acknowledged all of them."""
        sent = [
            await self._producer.send(one.topic, one.value, one.key.encode(), headers=list(one.headers))
            for one in records
        ]
        await asyncio.gather(*sent)
        self.acknowledged += len(sent)

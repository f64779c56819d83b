"""Sending as a partner does: until it is acknowledged, again when in doubt, by Kafka or by HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from deploy.partner.messages import Data, Inbound

ACK_SECONDS = 20.0
HTTP_SECONDS = 15.0
AGAIN_SECONDS = 0.5
LARGEST = 4 * 1024 * 1024

Headers = list[tuple[str, bytes | None]]


class RefusedError(Exception):
    """The broker does not take a record of this size."""


@dataclass(slots=True)
class Post:
    """A partner's producer that may be replaced, and its keys for HTTP. `again` counts what was sent more than once.

    Not idempotent, as partners' own programs seldom are: what was in doubt arrives twice.
    """

    bootstrap: str
    intakes: Callable[[], Sequence[str]]
    keys: dict[str, str]
    again: int = 0
    by_http: int = 0
    _producer: AIOKafkaProducer | None = None
    _replacing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=HTTP_SECONDS, trust_env=False))

    @classmethod
    def of(cls, bootstrap: str, intakes: Callable[[], Sequence[str]], secrets: Path) -> Self:
        """Read the keys that the stack has made."""
        return cls(bootstrap, intakes, json.loads((secrets / "http-clients.json").read_text()))

    async def __aenter__(self) -> Self:
        """Connect."""
        self._producer = await self._connected()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Close."""
        await self._client.aclose()
        if self._producer is not None:
            await _end(self._producer)

    async def _connected(self) -> AIOKafkaProducer:
        while True:
            made = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap,
                client_id="gw-partner",
                acks="all",
                linger_ms=5,
                max_request_size=LARGEST,
                request_timeout_ms=int(ACK_SECONDS * 1000),
            )
            try:
                await made.start()
            except (KafkaError, OSError):
                await _end(made)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return made

    async def _replace(self, old: AIOKafkaProducer | None) -> None:
        async with self._replacing:
            if self._producer is old:
                if old is not None:
                    await _end(old)
                self._producer = await self._connected()

    async def send(self, record: Inbound) -> tuple[int, int]:
        """Send until the broker has it; return partition and offset."""
        return await self.put(record.topic, record.value, record.key.encode(), list(record.headers))

    async def put(self, topic: str, value: bytes | None, key: bytes, headers: Headers) -> tuple[int, int]:
        """Send whatever it is until the broker has it.

        Raises:
            RefusedError: the broker does not take anything so large.
        """
        while True:
            producer = self._producer
            try:
                told = await _sent(producer, topic, value, key, headers)
            except MessageSizeTooLargeError:
                raise RefusedError from None
            except (KafkaError, OSError):
                self.again += 1
                await self._replace(producer)
            else:
                return told.partition, told.offset

    async def over_http(self, partner: str, data: Data, number: int) -> None:
        """Report to one replica of intake, the next when it does not take it, until one has said 202."""
        headers = {"authorization": f"Bearer {self.keys[partner]}"}
        while True:
            urls = self.intakes()
            for turn in range(len(urls)):
                url = f"{urls[(number + turn) % len(urls)]}/v1/reports"
                with suppress(httpx.HTTPError):
                    answer = await self._client.post(url, json=data, headers=headers)
                    if answer.status_code == httpx.codes.ACCEPTED:
                        self.by_http += 1
                        return
                self.again += 1
            await asyncio.sleep(AGAIN_SECONDS)


async def _sent(
    producer: AIOKafkaProducer | None, topic: str, value: bytes | None, key: bytes, headers: Headers
) -> RecordMetadata:
    if producer is None:
        raise KafkaError
    async with asyncio.timeout(ACK_SECONDS + 5):
        return await producer.send_and_wait(topic, value, key, headers=headers)


async def _end(producer: AIOKafkaProducer) -> None:
    with suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(3):
            await producer.stop()

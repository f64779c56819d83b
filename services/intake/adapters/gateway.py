"""HTTP for partners without a Kafka client: `POST /v1/reports`, `POST /v1/commands`.

What comes is checked by the same desk that reads the bus, put on that partner's own inbound topic, and answered with
202 only once the broker has it. So there is one way through intake, and HTTP lets nobody say more than Kafka does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from pydantic_core import to_json

from services.intake.adapters.keys import Grant, KeyFile
from services.intake.adapters.openapi import MAX_ITEMS
from services.intake.domain.desk import Desk
from services.intake.domain.reading import MAX_BYTES, Kind, parse_json, traceparent_of
from services.intake.domain.throttle import Throttle
from services.intake.domain.wording import Invalid
from services.intake.metrics import IntakeMetrics
from services.intake.submissions import Submitter
from shared.decision import Poison, Transient
from shared.infra.asgi import ClientGoneError, HttpError, answer, header, read_body, wants_json
from shared.infra.clock import Clock, monotonic
from shared.infra.engine.core import Publisher
from shared.infra.engine.outbox import Outgoing
from shared.infra.http import JSON, Receive, Scope, Send, refuse, reply
from shared.infra.vault import Vault

MAX_LINES = 100
RETRY_AFTER_SECONDS = 5
_DENIED = ("forbidden", "unknown-partner")


@dataclass(slots=True)
class Gateway:
    """Takes messages of one kind. `desk` gives the newest profiles; `patience` is how long the broker may take.

    What fails in a way that nobody foresaw is counted here and answered by the application around it.
    """

    route: str
    kind: Kind
    desk: Callable[[], Desk]
    keys: KeyFile
    throttle: Throttle
    publisher: Publisher
    clock: Clock
    metrics: IntakeMetrics
    patience: float
    body_seconds: float
    vault: Vault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            self._count(405)
            await refuse(send, 405, "Only POST is answered here.", allow="POST")
            return
        try:
            ids = await self._take(scope, receive)
        except ClientGoneError:
            return
        except HttpError as error:
            self._count(error.status)
            await answer(send, error, as_json=wants_json(scope))
            return
        except Exception:
            self._count(500)
            raise
        self._count(202)
        await reply(send, 202, to_json({"ids": ids}), JSON, {})

    def _count(self, status: int) -> None:
        self.metrics.requests.labels(self.route, str(status)).inc()

    async def _take(self, scope: Scope, receive: Receive) -> list[str]:
        grant = self._grant(scope)
        body = await read_body(receive, MAX_BYTES, self.body_seconds)
        items = _items(body, header(scope, "content-type"))
        self._slow_down(grant, len(items))
        sent = self._check(items, grant, scope)
        await self._publish([record for _, record in sent])
        return [id_ for id_, _ in sent]

    def _grant(self, scope: Scope) -> Grant:
        scheme, _, key = header(scope, "authorization").partition(" ")
        grant = self.keys.find(key.strip()) if scheme.lower() == "bearer" and key.strip() else None
        if grant is None:
            how = {"www-authenticate": "Bearer"}
            raise HttpError(401, "Send a valid API key: `Authorization: Bearer KEY`.", headers=how)
        return grant

    def _slow_down(self, grant: Grant, number: int) -> None:
        wait = self.throttle.take(grant.digest, number, monotonic())
        if wait:
            raise HttpError(429, "That was too much at once.", headers={"retry-after": str(ceil(wait))})

    def _check(self, items: Sequence[Any], grant: Grant, scope: Scope) -> list[tuple[str, Outgoing]]:
        """Return id and record of every item, or refuse all of them for what is wrong with any."""
        key, trace = header(scope, "idempotency-key"), traceparent_of(header(scope, "traceparent"))
        submitter = Submitter(self.desk(), grant, self.kind, self.clock.now(), key, self.vault, trace)
        sent: list[tuple[str, Outgoing]] = []
        wrong: dict[int, Poison] = {}
        for number, item in enumerate(items):
            try:
                sent.append(submitter.record(item, number))
            except Poison as poison:
                wrong[number] = poison
        if wrong:
            raise _refusal(wrong, numbered=len(items) > 1)
        return sent

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await self.publisher.publish(records)
        except (Transient, TimeoutError):
            later = {"retry-after": str(RETRY_AFTER_SECONDS)}
            raise HttpError(503, "The broker has not acknowledged it; send it again.", headers=later) from None


def _items(body: bytes, content_type: str) -> Sequence[Any]:
    try:
        parsed = parse_json(body, content_type.lower())
    except Poison as poison:
        raise HttpError(400, poison.message) from None
    items = parsed if isinstance(parsed, list) else [parsed]
    if not 1 <= len(items) <= MAX_ITEMS:
        raise HttpError(400, f"Send one object or an array of 1 to {MAX_ITEMS} objects.")
    return items


def _refusal(wrong: dict[int, Poison], *, numbered: bool) -> HttpError:
    """Return the answer to items that are wrong: one line a field, each with its item's number where there are more."""
    errors = {poison.error for poison in wrong.values()}
    status = 413 if "too-large" in errors else 403 if errors <= set(_DENIED) else 400
    lines = [
        f"{f'item {number + 1}: ' if numbered else ''}{line}"
        for number, poison in wrong.items()
        for line in (poison.lines if isinstance(poison, Invalid) else (poison.message,))
    ]
    return HttpError(status, *lines[:MAX_LINES])

"""Engines of the tally on a real database and broker, in the process of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy.local import LocalStack
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import Command
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.ids import event_id
from shared.decision import Transient
from shared.infra.clock import ManualClock
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.fold import Applied, ParkedRecord, Rejection
from shared.infra.engine.outbox import Outgoing
from shared.infra.kafka import KafkaPublisher
from shared.infra.mongo import connect
from shared.infra.settings import ServiceSettings
from tests.support.bus import Bus, open_bus
from tests.support.tally import Tally, decide

WHEN = datetime(2026, 7, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Heard:
    """An observer that remembers."""

    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def applied(self, applied: Applied[Tally]) -> None:
        """Remember the reason."""
        self.reasons.append(applied.decision.reason)

    def rejected(self, rejection: Rejection) -> None:
        """Remember the error."""
        self.errors.append(rejection.poison.error)

    def counted(self, outcome: str, number: int) -> None:
        """Add up."""
        self.counts[outcome] = self.counts.get(outcome, 0) + number


class Broken:
    """A publisher whose broker is away."""

    async def publish(self, records: list[Outgoing]) -> None:
        """Fail as a broker that is away does."""
        raise Transient(f"{len(records)} records have nowhere to go")


class Hanging:
    """A broker that does not answer."""

    async def publish(self, records: list[Outgoing]) -> None:
        """Wait for ever."""
        del records
        await asyncio.sleep(3_600)


@asynccontextmanager
async def world(infra: LocalStack, district: str) -> AsyncIterator[tuple[AggregateStore[Tally], KafkaPublisher, Bus]]:
    """Give a store, a publisher and a bus for one district of its own."""
    store = AggregateStore(connect(infra.mongo_url)[f"gw_engine_{district}"], "tallies", Tally)
    await store.create_indexes()
    idempotent = infra.env["GW_KAFKA_IDEMPOTENT"] == "true"
    publisher = KafkaPublisher(ServiceSettings(kafka_bootstrap=infra.bootstrap, kafka_idempotent=idempotent))
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(f"gw.{district}.cases", f"gw.{district}.dead-letters")
        await publisher.start()
        try:
            yield store, publisher, bus
        finally:
            await publisher.stop()


def engine(store: AggregateStore[Tally], publisher: Any, worker: str, heard: Heard) -> Engine[Tally]:
    """Return one replica's engine."""
    return Engine("tally", worker, store, publisher, decide, ManualClock(WHEN), heard)


def record(kind: type[Command], district: str, note: str, offset: int) -> ParkedRecord:
    """Return a record as a consumer would hand it over."""
    case_id = f"{district}-260701-aaaaaaaa"
    actor = Actor(partner="centre", kind=PartnerKind.CENTRE)
    fields: dict[str, Any] = {"task_id": f"{case_id}/tally#1", "note": note}
    event = kind(district=district, case_id=case_id, occurred_at=WHEN, recorded_at=WHEN, actor=actor, **fields)
    envelope = Envelope(event_id(f"{kind.__name__}/{note}", 0), "/test", event.type, "")
    value = event.model_dump_json().encode()
    headers: list[tuple[str, bytes | None]] = [*to_headers(envelope)]
    return ParkedRecord(f"gw.{district}.commands", 0, offset, 0, case_id.encode(), value, headers)

"""What a sweep of clocks costs: with few open, and with a million; when nothing is due, and when a hundred are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from os import environ
from statistics import median
from typing import Any
from unittest.mock import patch

from prometheus_client import CollectorRegistry

from services.escalation.adapters.indexes import create_indexes
from services.escalation.adapters.policies import Policies
from services.escalation.domain.decide import due, index
from services.escalation.domain.model import Case
from services.escalation.main import NAME, create_engine
from services.escalation.metrics import EscalationMetrics
from services.escalation.settings import EscalationSettings
from shared.infra.clock import monotonic, wall_clock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore
from shared.infra.engine.sweep import Sweeper
from shared.infra.kafka import KafkaPublisher
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect

TIMES = 15
DUE = 100
FEW = "bench_sweeps"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Milliseconds of a sweep with `open` clocks of which none, or a hundred, are due (median)."""

    open: int
    nothing_ms: float
    hundred_ms: float


async def measure(env: Mapping[str, str]) -> tuple[Sweep, Sweep]:
    """Return the cost with a hundred open cases and with all that are stored."""
    with _settings(env) as settings:
        client, publisher = connect(settings.mongo_url), KafkaPublisher(settings)
        await publisher.start()
        try:
            many = client[f"gw_{NAME}"]
            few = client[FEW]
            await client.drop_database(FEW)
            await few["cases"].insert_many([one async for one in many["cases"].find({"open": True}).limit(DUE)])
            return await _swept(few, settings, publisher), await _swept(many, settings, publisher)
        finally:
            await publisher.stop()
            client.close()


@contextmanager
def _settings(env: Mapping[str, str]) -> Iterator[EscalationSettings]:
    with patch.dict(environ, env):
        yield EscalationSettings()


async def _swept(database: Any, settings: EscalationSettings, publisher: KafkaPublisher) -> Sweep:
    registry = CollectorRegistry()
    metrics = (EngineMetrics.create(registry, NAME), EscalationMetrics.create(registry))
    store = AggregateStore[Case](database, "cases", Case, due, index)
    await create_indexes(store)
    policies = Policies(ProfileCache(ProfileStore(database.client[DATABASE])), metrics[1])
    await policies.refresh()
    sweeper = Sweeper(create_engine(settings, store, publisher, policies, metrics, settings.clock()))
    await sweeper.due()
    chosen = [one["_id"] async for one in store.collection.find({"open": True}, {"_id": 1}).limit(DUE)]
    nothing = [await _timed(sweeper) for _ in range(TIMES)]
    hundred = []
    for _ in range(TIMES):
        past = wall_clock() - timedelta(hours=1)
        await store.collection.update_many({"_id": {"$in": chosen}}, {"$set": {"due": past}, "$unset": {"lease": 1}})
        hundred.append(await _timed(sweeper))
    number = await store.collection.count_documents({"open": True})
    return Sweep(number, round(median(nothing), 2), round(median(hundred), 2))


async def _timed(sweeper: Sweeper[Case]) -> float:
    begun = monotonic()
    await sweeper.due()
    return (monotonic() - begun) * 1000

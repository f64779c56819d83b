"""The composition root of the router: the only place that reads the environment and knows concrete classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from services.router.adapters import answers, mediation
from services.router.adapters.open_work import count_open_work, create_indexes
from services.router.adapters.world import FetchedWorld
from services.router.domain.decide import HEEDED, decide
from services.router.domain.model import Case, index_of, next_due
from services.router.handlers import subscriptions
from services.router.metrics import RouterMetrics
from services.router.settings import RouterSettings
from shared.infra.app import ResilientApp, Service, build_app
from shared.infra.backlog import PARKED_PATIENCE_SECONDS, Held
from shared.infra.clock import Clock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.core import Publisher
from shared.infra.engine.sweep import Sweeper
from shared.infra.faults import killing
from shared.infra.fence import Fence
from shared.infra.following import closing, follow
from shared.infra.kafka import KafkaPublisher
from shared.infra.ledger import Ledger
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect
from shared.infra.observer import MetricsObserver
from shared.infra.patience import Periodic
from shared.infra.wiring import run_process

SERVICE = "router"


@dataclass(frozen=True, slots=True)
class Router:
    """The parts of the router that work together."""

    engine: Engine[Case]
    world: FetchedWorld
    metrics: RouterMetrics
    general: EngineMetrics
    districts: tuple[str, ...]
    ledger: Ledger

    async def create_indexes(self) -> None:
        """Create the indexes of engine, gauges, answers and ledger."""
        await self.engine.store.create_indexes()
        await create_indexes(self.engine.store.collection)
        await mediation.create_indexes(self.engine.store.collection)
        await answers.create_indexes(self.engine.store.database)
        await self.ledger.create_indexes()

    async def refresh(self) -> None:
        """Pick up new profile versions, and start their series."""
        for district in await self.world.profiles.refresh():
            self.metrics.know(self.world.profiles.get(district).profile)

    async def show(self) -> None:
        """Set the gauges."""
        store, profiles = self.engine.store, self.world.profiles
        work = await count_open_work(store.collection, self.districts)
        self.metrics.show(work, [profiles.get(district).profile for district in profiles.districts])
        oldest = await store.oldest_due()
        age = timedelta(0) if oldest is None else self.engine.clock.now() - oldest
        self.general.oldest_due.set(max(0.0, age.total_seconds()))


def create_router(
    settings: RouterSettings, client: Any, publisher: Publisher, registry: CollectorRegistry, clock: Clock
) -> Router:
    """Wire the engine to database and broker."""
    store = AggregateStore[Case](client[f"gw_{SERVICE}"], "cases", Case, next_due, index_of, settings.districts)
    general, metrics = EngineMetrics.create(registry, SERVICE), RouterMetrics.create(registry)
    profiles = ProfileCache(ProfileStore(client[DATABASE]), settings.districts, general.profile_version)
    world = FetchedWorld(profiles, store.collection)
    ledger = Ledger(store.database, clock)
    engine = Engine[Case](
        SERVICE,
        settings.worker,
        store,
        publisher,
        lambda case, event, now: decide(case, event, now, world),
        clock,
        MetricsObserver[Case](general, metrics.applied),
        prepare=world.prepare,
        heeds=HEEDED,
        ledger=ledger,
    )
    if settings.fault_point:
        engine.wrap_step = killing(settings.fault_point)
    return Router(engine, world, metrics, general, settings.districts, ledger)


def create_app(settings: RouterSettings, clock: Clock | None = None) -> ResilientApp:
    """Wire the service."""
    registry = CollectorRegistry()
    client = connect(settings.mongo_url)
    publisher = KafkaPublisher(settings)
    router = create_router(settings, client, publisher, registry, clock or settings.clock())
    tracing = follow(settings, SERVICE, [router.engine])
    service = Service(
        name=SERVICE,
        settings=settings,
        registry=registry,
        metrics=router.general,
        publisher=publisher,
        fence=Fence.of(client, settings.clock_tolerance_seconds),
        subscriptions=subscriptions(router.engine.handle, settings.districts),
        settle=[router.engine.clearing.clear],
        prepare=[router.create_indexes, router.refresh],
        cleanup=closing(tracing),
    )
    service.periodics = _periodics(service, router)
    return build_app(service)


def _periodics(service: Service, router: Router) -> list[Periodic]:
    sweeper = Sweeper[Case](router.engine)
    return [
        Periodic("due", 0.2, Held(sweeper.due, service.waiting)),
        Periodic("relay", 2.0, sweeper.relay),
        Periodic("parked", 5.0, Held(sweeper.parked, service.waiting, PARKED_PATIENCE_SECONDS)),
        Periodic("profiles", 3.0, router.refresh),
        Periodic("gauges", 15.0, router.show),
    ]


def main() -> None:
    """Run one process."""
    run_process(SERVICE, RouterSettings, create_app)


if __name__ == "__main__":
    main()

"""The composition root of escalation: the only place that reads the environment and knows concrete classes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from services.escalation.adapters import beats
from services.escalation.adapters.audit import Audit, deadman
from services.escalation.adapters.beats import Beats
from services.escalation.adapters.indexes import create_indexes
from services.escalation.adapters.moves import Moves
from services.escalation.adapters.policies import Policies
from services.escalation.adapters.watch import Watch
from services.escalation.domain import beat, work
from services.escalation.domain.beat import Beat
from services.escalation.domain.decide import HEEDED, decide, due, index
from services.escalation.domain.model import Case
from services.escalation.handlers import subscriptions
from services.escalation.metrics import EscalationMetrics
from services.escalation.settings import EscalationSettings
from shared.decision import Decision
from shared.infra.app import ResilientApp, Service, build_app
from shared.infra.backlog import PARKED_PATIENCE_SECONDS, Held
from shared.infra.clock import Clock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.core import Publisher
from shared.infra.engine.fold import Applied
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

NAME = "escalation"


def create_engine(
    settings: EscalationSettings,
    store: AggregateStore[Case],
    publisher: Publisher,
    policies: Policies,
    metrics: tuple[EngineMetrics, EscalationMetrics],
    clock: Clock,
) -> Engine[Case]:
    """Wire the engine to the decision."""

    def judge(case: Case | None, event: Any, now: datetime) -> Decision[Case]:
        return decide(case, event, now, policies.directory_of)

    general, own = metrics
    observer = MetricsObserver[Case](general, own.applied)
    engine = Engine(NAME, settings.worker, store, publisher, judge, clock, observer, policies.prepare, HEEDED)
    engine.ledger = Ledger(store.database, clock)
    if settings.fault_point:
        engine.wrap_step = killing(settings.fault_point)
    return engine


def create_beats(cases: Engine[Case], policies: Policies, metrics: tuple[EngineMetrics, EscalationMetrics]) -> Beats:
    """Wire the second engine, of grid workers' recurring work, with the means of the first."""

    def judge(known: Beat | None, event: Any, now: datetime) -> Decision[Beat]:
        return work.decide(known, event, now, policies.newest, policies.directory_of)

    general, own = metrics
    store = AggregateStore[Beat](cases.store.database, "beats", Beat, beat.due, beat.index, cases.store.districts)
    observer = MetricsObserver[Beat](general, own.applied)
    prepare = partial(beats.prepare, policies)
    engine = Engine(NAME, cases.worker, store, cases.publisher, judge, cases.clock, observer, prepare, work.HEEDED)
    engine.ledger = cases.ledger
    return Beats(engine, policies)


def create_watch(cases: Engine[Case], policies: Policies, metrics: tuple[EngineMetrics, EscalationMetrics]) -> Watch:
    """Let what is saved leave hints of what keeps coming back."""
    general, own = metrics
    watch = Watch(cases, policies.cache)

    def applied(one: Applied[Case]) -> None:
        own.applied(one)
        watch.note(one)

    cases.observer = MetricsObserver[Case](general, applied)
    return watch


def create_app(settings: EscalationSettings, clock: Clock | None = None) -> ResilientApp:
    """Wire the service."""
    clock = clock or settings.clock()
    registry = CollectorRegistry()
    metrics = (EngineMetrics.create(registry, NAME), EscalationMetrics.create(registry))
    client = connect(settings.mongo_url)
    store = AggregateStore[Case](client[f"gw_{NAME}"], "cases", Case, due, index, settings.districts)
    cache = ProfileCache(ProfileStore(client[DATABASE]), settings.districts, metrics[0].profile_version)
    policies = Policies(cache, metrics[1])
    publisher = KafkaPublisher(settings)
    engine = create_engine(settings, store, publisher, policies, metrics, clock)
    books = create_beats(engine, policies, metrics)
    watch = create_watch(engine, policies, metrics)
    tracing = follow(settings, NAME, (engine, books.engine))
    ping = deadman(str(settings.deadman_url), settings.deadman_timeout_seconds) if settings.deadman_url else None
    audit = Audit(store, clock, *metrics, settings.audit_behind_seconds, ping, (books.engine.store,))
    service = Service(
        name=NAME,
        settings=settings,
        registry=registry,
        metrics=metrics[0],
        publisher=publisher,
        fence=Fence.of(client, settings.clock_tolerance_seconds),
        subscriptions=subscriptions(engine, books.engine, settings.districts),
        settle=[engine.clearing.clear, books.engine.clearing.clear],
        prepare=[
            partial(create_indexes, store),
            books.engine.store.create_indexes,
            Ledger(store.database, clock).create_indexes,
            policies.refresh,
        ],
        cleanup=closing(tracing),
    )
    service.periodics = [
        *_periodics(settings, service, Sweeper(engine), policies, audit),
        *_beats(settings, service, books),
        Periodic("watch", 2.0, Held(watch.look, service.waiting)),
        Periodic("moves", 5.0, Held(Moves(engine, policies).run, service.waiting)),
    ]
    return build_app(service)


def _periodics(
    settings: EscalationSettings, service: Service, sweeper: Sweeper[Case], policies: Policies, audit: Audit
) -> list[Periodic]:
    return [
        Periodic("due", settings.sweep_seconds, Held(sweeper.due, service.waiting)),
        Periodic("relay", 2.0, sweeper.relay),
        Periodic("parked", 5.0, Held(sweeper.parked, service.waiting, PARKED_PATIENCE_SECONDS)),
        Periodic("profiles", 3.0, policies.refresh),
        Periodic("gauges", 15.0, audit.measure),
        Periodic("audit", settings.audit_seconds, audit.run),
    ]


def _beats(settings: EscalationSettings, service: Service, books: Beats) -> list[Periodic]:
    sweeper = Sweeper(books.engine)
    return [
        Periodic("rounds", settings.sweep_seconds * 5, Held(sweeper.due, service.waiting)),
        Periodic("rounds_relay", 2.0, sweeper.relay),
        Periodic("rounds_asked", 3.0, books.refresh),
    ]


def main() -> None:
    """Run one process."""
    run_process(NAME, EscalationSettings, create_app)


if __name__ == "__main__":
    main()

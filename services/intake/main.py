"""The composition root of intake: the only place that reads the environment and knows concrete classes."""

from __future__ import annotations

from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from services.intake.adapters.candidates import Candidates
from services.intake.adapters.gateway import Gateway
from services.intake.adapters.keys import KeyFile
from services.intake.adapters.openapi import route as description
from services.intake.adapters.pins import Pins
from services.intake.adapters.retention import REPORTS, Retention
from services.intake.adapters.separation import Separation
from services.intake.adapters.surges import BOOKS, SurgeWatch
from services.intake.batch import SERVICE
from services.intake.domain.decide import decide
from services.intake.domain.model import ReportState
from services.intake.domain.reading import Kind
from services.intake.domain.surging import SurgeBook, decide_surge, next_end
from services.intake.domain.throttle import Throttle
from services.intake.handlers import subscriptions
from services.intake.metrics import ROUTES, IntakeMetrics, IntakeObserver
from services.intake.pipeline import Intake
from services.intake.sealing import COLLECTION as VAULT
from services.intake.sealing import Sealer
from services.intake.settings import IntakeSettings
from shared.infra.app import ResilientApp, Service, build_app
from shared.infra.classifiers import ClassifierCache, ClassifierStore
from shared.infra.clock import Clock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.sweep import Sweeper
from shared.infra.faults import killing
from shared.infra.fence import Fence
from shared.infra.following import closing, follow, log_passed
from shared.infra.kafka import KafkaPublisher
from shared.infra.ledger import Ledger
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect
from shared.infra.observer import MetricsObserver
from shared.infra.patience import Periodic
from shared.infra.resealing import Resealing, SealMetrics
from shared.infra.vault import Vault
from shared.infra.wiring import run_process

HOUR = 3_600.0
RESEALING_SECONDS = 60.0
SURGE_SECONDS = 1.0


def create_intake(
    settings: IntakeSettings,
    client: Any,
    publisher: KafkaPublisher,
    metrics: tuple[EngineMetrics, IntakeMetrics],
    clock: Clock,
) -> Intake:
    """Wire the use case to database and broker."""
    store = AggregateStore[ReportState](client[f"gw_{SERVICE}"], REPORTS, ReportState)
    observer = IntakeObserver.create(*metrics)
    engine = Engine[ReportState](SERVICE, settings.worker, store, publisher, decide, clock, observer)
    engine.ledger, engine.patient = Ledger(store.database, clock), False  # near-duplicates look for empty outboxes
    if settings.fault_point:
        engine.wrap_step = killing(settings.fault_point)
    # Every district, also in a worker for some: reports without a district may belong anywhere.
    profiles = ProfileCache(ProfileStore(client[DATABASE]), versions=metrics[0].profile_version)
    classifiers = ClassifierCache(ClassifierStore(client[DATABASE]), metrics[1].suggestions.judged)
    sealer = Sealer(Vault.load(settings.vault_keys_file))
    retention = Retention(store, clock, metrics[1])
    candidates, pins = Candidates(store.collection), Pins(store)
    separation = Separation(store, sealer)
    surges = _surge_watch(settings, engine, metrics)
    intake = Intake(engine, profiles, classifiers, candidates, pins, sealer, retention, separation, surges, metrics[1])
    surges.desk = lambda: intake.desk
    return intake


def _surge_watch(
    settings: IntakeSettings, reports: Engine[ReportState], metrics: tuple[EngineMetrics, IntakeMetrics]
) -> SurgeWatch:
    store = AggregateStore[SurgeBook](reports.store.database, BOOKS, SurgeBook, due=next_end)
    observer = MetricsObserver[SurgeBook](metrics[0], metrics[1].surges.on_applied)
    publisher, clock = reports.publisher, reports.clock
    engine = Engine[SurgeBook](SERVICE, settings.worker, store, publisher, decide_surge, clock, observer)
    engine.ledger = reports.ledger
    return SurgeWatch(engine, reports.store.collection)


def create_resealing(intake: Intake, registry: CollectorRegistry) -> Resealing:
    """Wire what brings the vault under its newest key."""
    vault = intake.engine.store.database[VAULT]
    return Resealing(
        vault, intake.sealer.vault, lambda document: document["_id"], SealMetrics.create(registry, SERVICE)
    )


def create_app(settings: IntakeSettings, clock: Clock | None = None) -> ResilientApp:
    """Wire the service."""
    registry = CollectorRegistry()
    metrics = (EngineMetrics.create(registry, SERVICE), IntakeMetrics.create(registry))
    client = connect(settings.mongo_url)
    publisher = KafkaPublisher(settings)
    intake = create_intake(settings, client, publisher, metrics, clock or settings.clock())
    tracing = follow(settings, SERVICE, (intake.engine, intake.surges.engine), begins=True)
    if tracing is not None:
        intake.passed.append(tracing.passed)
    if settings.log_level == "debug":
        intake.passed.append(partial(log_passed, tracing))
    resealing = create_resealing(intake, registry)
    service = Service(
        name=SERVICE,
        settings=settings,
        registry=registry,
        metrics=metrics[0],
        publisher=publisher,
        fence=Fence.of(client, settings.clock_tolerance_seconds),
        subscriptions=subscriptions(settings, intake),
        prepare=[
            intake.engine.store.create_indexes,
            intake.candidates.create_indexes,
            intake.retention.create_indexes,
            intake.surges.create_indexes,
            Ledger(intake.engine.store.database, intake.engine.clock).create_indexes,
            resealing.create_indexes,
            intake.refresh,
        ],
        periodics=[
            Periodic("relay", 2.0, Sweeper(intake.engine).relay),
            Periodic("surges", SURGE_SECONDS, intake.surges.look),
            Periodic("surges_end", SURGE_SECONDS, Sweeper(intake.surges.engine).due),
            Periodic("surges_relay", 2.0, Sweeper(intake.surges.engine).relay),
            Periodic("profiles", 3.0, intake.refresh),
            Periodic("retention", HOUR, intake.forget),
            Periodic("resealing", RESEALING_SECONDS, resealing.sweep),
        ],
        cleanup=closing(tracing),
        routes=_routes(settings, intake),
    )
    return build_app(service)


def _routes(settings: IntakeSettings, intake: Intake) -> list[tuple[str, Any]]:
    """Return both paths of the gateway (a key has one allowance for the two of them) and their description."""
    keys = KeyFile(settings.http_keys_file)
    throttle = Throttle(settings.http_rate_per_second, settings.http_burst)
    engine = intake.engine

    def gateway(route: str, kind: Kind) -> Gateway:
        return Gateway(
            route=route,
            kind=kind,
            desk=lambda: intake.desk,
            keys=keys,
            throttle=throttle,
            publisher=engine.publisher,
            clock=engine.clock,
            metrics=intake.metrics,
            patience=settings.http_ack_seconds,
            body_seconds=settings.http_body_seconds,
            vault=intake.sealer.vault,
        )

    kinds = zip(ROUTES, (Kind.REPORT, Kind.COMMAND), strict=True)
    return [*((route, gateway(route, kind)) for route, kind in kinds), description()]


def main() -> None:
    """Run one process."""
    run_process(SERVICE, IntakeSettings, create_app)


if __name__ == "__main__":
    main()

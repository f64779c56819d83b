"""The composition root of the notifier: the only place that reads the environment and knows concrete classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from services.notifier.adapters.alerts import ROUTE, AlertGate
from services.notifier.adapters.contacts import Contacts
from services.notifier.adapters.gauges import Gauges
from services.notifier.adapters.profiles import CachedProfiles
from services.notifier.adapters.queue import NoticeQueue
from services.notifier.adapters.retention import Purge
from services.notifier.adapters.templates import allowed_templates
from services.notifier.channels.base import Channel
from services.notifier.channels.discovery import build_all
from services.notifier.delivery.bell import Bell
from services.notifier.delivery.births import Births, ViewStore
from services.notifier.delivery.courier import Courier
from services.notifier.delivery.letters import Letters
from services.notifier.delivery.page import Tools
from services.notifier.delivery.saver import Saver
from services.notifier.domain.decide import HEARD, REPORTERS
from services.notifier.domain.decide import decide as decide_case
from services.notifier.domain.delivery import decide as decide_notice
from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState, index_fields
from services.notifier.domain.surroundings import Surroundings
from services.notifier.handlers import subscriptions
from services.notifier.metrics import NotifierMetrics
from services.notifier.settings import NotifierSettings
from shared.decision import Companion, Decision
from shared.infra.app import ResilientApp, Service, build_app
from shared.infra.clock import Clock
from shared.infra.directory import DATABASE, ProfileCache, ProfileStore
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.fold import Applied
from shared.infra.engine.sweep import Sweeper
from shared.infra.faults import WrapStep, killing
from shared.infra.fence import Fence
from shared.infra.following import closing, follow
from shared.infra.kafka import KafkaPublisher
from shared.infra.ledger import Ledger
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect
from shared.infra.observer import MetricsObserver
from shared.infra.patience import Periodic
from shared.infra.resealing import Resealing, SealMetrics
from shared.infra.tracing import Tracing
from shared.infra.vault import Vault
from shared.infra.wiring import run_process

NAME = "notifier"
NOTICES = "notices"
PURGE_SECONDS = 600.0
RESEALING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What both engines and the delivery are made of."""

    settings: NotifierSettings
    registry: CollectorRegistry
    clock: Clock
    database: Any
    publisher: KafkaPublisher
    profiles: CachedProfiles
    channels: Mapping[str, Channel]
    contacts: Contacts
    general: EngineMetrics
    own: NotifierMetrics
    notices: AggregateStore[NoticeState]
    bell: Bell
    births: Births
    wrap_step: WrapStep
    ledger: Ledger

    @property
    def pace(self) -> float:
        """Domain seconds in a real one."""
        return 1 / self.clock.real_seconds(timedelta(seconds=1))

    def around(self) -> Surroundings:
        """Return what the decisions are given."""
        takes = {name: channel.takes for name, channel in self.channels.items()}
        return Surroundings(self.profiles, takes, self.contacts.reach, self._document, self.pace)

    def _document(self, notice: NoticeState) -> Companion:
        return self.notices.companion(notice.id, notice)


def create_parts(settings: NotifierSettings, clock: Clock, channels: Mapping[str, Channel]) -> Parts:
    """Connect to what is outside; nothing is asked yet."""
    registry = CollectorRegistry()
    client = connect(settings.mongo_url)
    database = client[f"gw_{NAME}"]
    own, bell = NotifierMetrics.create(registry, channels), Bell(channels)
    vault = Vault.load(settings.vault_keys_file) if settings.vault_keys_file else None
    general = EngineMetrics.create(registry, NAME)
    profiles = ProfileCache(ProfileStore(client[DATABASE]), settings.districts, general.profile_version)
    return Parts(
        settings=settings,
        registry=registry,
        clock=clock,
        database=database,
        publisher=KafkaPublisher(settings),
        profiles=CachedProfiles(profiles, own.introduce),
        channels=channels,
        contacts=Contacts(vault, database[REPORTERS]),
        general=general,
        own=own,
        notices=AggregateStore(database, NOTICES, NoticeState, lambda state: state.due, index_fields),
        bell=bell,
        births=Births(settings.worker, timedelta(seconds=settings.delivery_lease_seconds), clock, bell),
        wrap_step=killing(settings.fault_point) if settings.fault_point else lambda _, step: step,
        ledger=Ledger(database, clock),
    )


def create_engines(parts: Parts) -> tuple[Engine[CaseView], Engine[NoticeState]]:
    """Wire the two engines: events into notices, outcomes into receipts."""
    around = parts.around()

    def judge_case(state: CaseView | None, event: Any, now: datetime) -> Decision[CaseView]:
        return decide_case(state, event, now, around)

    def judge_notice(state: NoticeState | None, event: Any, now: datetime) -> Decision[NoticeState]:
        return decide_notice(state, event, now, around)

    def applied(done: Applied[Any]) -> None:
        parts.own.applied(done)
        parts.births.hand_over(done.decision.companions)

    store = ViewStore(
        parts.database,
        "cases",
        CaseView,
        index=lambda view: {"expires": view.expires},
        births=parts.births,
        notices=NOTICES,
    )
    common = (NAME, parts.settings.worker)
    heeds = frozenset(event.type for event in HEARD if event.type)
    observer = MetricsObserver[Any](parts.general, applied)
    rest = (parts.clock, observer)
    cases = Engine(*common, store, parts.publisher, judge_case, *rest, parts.profiles.for_cases, heeds)
    notices = Engine(*common, parts.notices, parts.publisher, judge_notice, *rest, parts.profiles.for_notices)
    cases.ledger = notices.ledger = parts.ledger
    cases.wrap_step = parts.wrap_step
    notices.wrap_step = lambda name, step: parts.wrap_step(f"notices.{name}", step)
    return cases, notices


def create_app(
    settings: NotifierSettings,
    clock: Clock | None = None,
    channels: Mapping[str, Channel] | None = None,
    group: str = NAME,
) -> ResilientApp:
    """Wire the service; `group` is its consumer group."""
    parts = create_parts(settings, clock or settings.clock(), build_all() if channels is None else channels)
    cases, notices = create_engines(parts)
    tracing = follow(settings, group, (cases, notices))
    lease = timedelta(seconds=settings.delivery_lease_seconds)
    queue = NoticeQueue(parts.notices, cases.store.collection, settings.worker, lease, settings.districts)
    resealing = create_resealing(parts)
    purge = Purge((parts.notices.collection, cases.store.collection, parts.contacts.collection), parts.clock)
    stores = [cases.store.create_indexes, parts.notices.create_indexes, parts.ledger.create_indexes]
    indexes = [one.create_indexes for one in resealing]
    service = Service(
        name=group,
        settings=settings,
        registry=parts.registry,
        metrics=parts.general,
        publisher=parts.publisher,
        fence=Fence.of(parts.database.client, settings.clock_tolerance_seconds),
        subscriptions=subscriptions(cases, notices, parts.contacts.erase, settings.districts),
        settle=[cases.clearing.clear, notices.clearing.clear],
        periodics=[
            Periodic("courier", 1.0, create_courier(parts, queue, notices, tracing).run),
            Periodic("relay of cases", 2.0, Sweeper(cases).relay),
            Periodic("relay of notices", 2.0, Sweeper(notices).relay),
            Periodic("profiles", 3.0, parts.profiles.refresh),
            Periodic("gauges", 15.0, Gauges(queue, parts.clock, parts.general, parts.own).measure),
            Periodic("purge", PURGE_SECONDS, purge.run),
            *(Periodic("resealing", RESEALING_SECONDS, one.sweep) for one in resealing),
        ],
        prepare=[*stores, queue.create_indexes, purge.create_indexes, *indexes, parts.profiles.refresh],
        routes=alert_routes(parts, cases),
        cleanup=[*(channel.close for channel in parts.channels.values()), *closing(tracing)],
    )
    return build_app(service)


def alert_routes(parts: Parts, cases: Engine[CaseView]) -> list[tuple[str, Any]]:
    """Wire the way in for Alertmanager, if it has a token. Saved is safe: the broker may be what an alert is about."""
    file, home = parts.settings.alerts_token_file, parts.settings.alerts_district
    if file is None or home is None:
        return []
    return [(ROUTE, AlertGate(file, home, parts.profiles, partial(cases.apply, relayed=True), parts.clock))]


def create_resealing(parts: Parts) -> list[Resealing]:
    """Wire what brings the contacts under the newest key; without keys there is nothing to do."""
    contacts, vault = parts.contacts.collection, parts.contacts.vault
    if vault is None:
        return []
    metrics = SealMetrics.create(parts.registry, NAME)
    return [Resealing(contacts, vault, lambda document: document["owner"], metrics)]


def create_courier(
    parts: Parts, queue: NoticeQueue, notices: Engine[NoticeState], tracing: Tracing | None = None
) -> Courier:
    """Wire the delivery."""
    tools = Tools(
        queue=queue,
        saver=Saver(notices),
        letters=Letters(allowed_templates(), parts.profiles),
        contacts=parts.contacts,
        profiles=parts.profiles,
        clock=parts.clock,
        metrics=parts.own,
        pace=parts.pace,
        concurrency=parts.settings.delivery_concurrency,
        send_seconds=parts.settings.delivery_send_seconds,
        wrap_step=parts.wrap_step,
        tracing=tracing,
    )
    return Courier.of(parts.channels, tools, parts.bell)


def main() -> None:
    """Run one process."""
    run_process(NAME, NotifierSettings, create_app)


if __name__ == "__main__":
    main()

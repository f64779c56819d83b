"""The application factory: one process of one service, from its parts to HTTP health, metrics and graceful shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from prometheus_client import CollectorRegistry

from shared.decision import Transient
from shared.infra.backlog import waiting_records
from shared.infra.clock import monotonic, pause
from shared.infra.fence import Fence
from shared.infra.http import Receive, Scope, Send, common_routes, http_server, refuse
from shared.infra.kafka import BatchHandler, KafkaPublisher, consumer_lag, has_its_share, make_broker, subscribe
from shared.infra.log import get_logger
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import as_transient
from shared.infra.offsets import COMMIT_SECONDS, Offsets
from shared.infra.patience import Periodic, repeat, retrying, until_done
from shared.infra.settings import ServiceSettings

NO_ASSIGNMENT_SECONDS = 300.0
"""A consumer without partitions this long although the broker answers has lost its group (aiokafka#847): exit and be
restarted. Only when the process had partitions before: a spare replica has none by right."""

SPARE_SECONDS = 10.0
"""A consumer that has been a member of its group this long and was given nothing is a spare: there are more replicas
than partitions. Not sooner, for a group that is just being joined hands out partitions in several rounds."""


@dataclass(slots=True)
class Service:
    """The parts of one process. `fence` asks the database what time it is; `subscriptions` are (pattern, handler).

    `settle` is what is left to do about batches that were handled, before their offsets are committed.
    """

    name: str
    settings: ServiceSettings
    registry: CollectorRegistry
    metrics: EngineMetrics
    publisher: KafkaPublisher
    fence: Fence
    subscriptions: Sequence[tuple[str, BatchHandler]]
    periodics: Sequence[Periodic] = ()
    prepare: Sequence[Callable[[], Awaitable[Any]]] = ()
    cleanup: Sequence[Callable[[], Awaitable[Any]]] = ()
    settle: Sequence[Callable[[], Awaitable[Any]]] = ()
    routes: Sequence[tuple[str, Any]] = ()
    started: bool = False
    database_ok: bool = False
    broker_ok: bool = False
    subscribers: list[Any] = field(default_factory=list)
    background: asyncio.Task[None] | None = None
    spare_since: float | None = None

    def ready(self) -> dict[str, bool]:
        """Return what readiness asks: broker, database, their time, partitions (or none by right, as a spare)."""
        return {
            "broker": self.started and self.broker_ok,
            "database": self.database_ok,
            "clock": not self.fence.wrong,
            "partitions": self.started and (self.has_partitions() or self._is_spare()),
        }

    def has_partitions(self) -> bool:
        """Say whether every subscription has partitions to read."""
        return all(consumer is not None and consumer.assignment() for consumer in self._consumers())

    def look_for_share(self) -> None:
        """Note since when every subscription has its share, though it may be none; to be called every few seconds."""
        shared = all(consumer is not None and has_its_share(consumer) for consumer in self._consumers())
        self.spare_since = (self.spare_since or monotonic()) if shared and not self.has_partitions() else None

    def _is_spare(self) -> bool:
        return self.spare_since is not None and monotonic() - self.spare_since >= SPARE_SECONDS

    def _consumers(self) -> list[Any]:
        return [subscriber.consumer for subscriber in self.subscribers]

    def waiting(self) -> int | None:
        """Return how many records wait for this process, or None while it is not known."""
        return waiting_records(self._consumers())


class ResilientApp(AsgiFastStream):
    """AsgiFastStream that keeps trying a broker which is away at start, instead of living on as a zombie."""

    def __init__(self, service: Service, broker: KafkaBroker, **kwargs: Any) -> None:
        super().__init__(broker, **kwargs)
        self._service = service

    async def _start_broker(self) -> None:
        await until_done(self._service.fence.check, f"{self._service.name}.clock")
        for work in self._service.prepare:
            await until_done(work, f"{self._service.name}.prepare")
        await until_done(self._start_everything, "broker.start")
        self._service.started = self._service.broker_ok = True

    async def _start_everything(self) -> None:
        try:
            await self._service.publisher.start()
            await super()._start_broker()
        except Exception:
            with contextlib.suppress(Exception):
                await self._stop_brokers()
            await self._service.publisher.stop()
            raise

    async def _stop_brokers(self) -> None:
        for broker in self.brokers:
            await broker.stop()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, also where nobody foresaw what went wrong: with nothing of it, which is for the log alone."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last resort; the class says what it was, the text may hold data
            get_logger().error("request_failed", path=known_path(self, scope), error=type(error).__name__)
            await refuse(send, HTTPStatus.INTERNAL_SERVER_ERROR, "This is a defect of ours; it has been written down.")

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 404."""
        del scope, receive
        await refuse(send, HTTPStatus.NOT_FOUND, "There is nothing here.")


def known_path(app: AsgiFastStream, scope: Scope) -> str:
    """Return the path of a request when it is one of ours: what strangers ask for does not go into the log."""
    return next((path for path, _ in app.routes if path == scope["path"]), "")


def build_app(service: Service) -> ResilientApp:
    """Wire the parts: subscriptions, /healthz, /readyz, /metrics, background work, shutdown in order."""
    broker = make_broker(
        service.settings, [KafkaPrometheusMiddleware(registry=service.registry, app_name=f"gridwhistle-{service.name}")]
    )
    offsets = [Offsets(service.settle) for _ in service.subscriptions]
    for (pattern, handler), own in zip(service.subscriptions, offsets, strict=True):
        subscriber = subscribe(broker, service.name, pattern, retrying(handler, service.metrics, service.fence), own)
        service.subscribers.append(subscriber)

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        own = [Periodic("health", 2.0, lambda: _health(service)), Periodic("watchdog", 5.0, Watchdog(service).check)]
        # What settles has a beat of its own too: a commit may hang for as long as the broker is away.
        own += [Periodic("settling", COMMIT_SECONDS, work) for work in service.settle]
        own += [Periodic("offsets", COMMIT_SECONDS, one.commit) for one in offsets]
        tasks = [asyncio.create_task(repeat(item)) for item in own]
        service.background = asyncio.create_task(_when_started(service))
        tasks.append(service.background)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _settle(service)
            await service.publisher.stop()
            for work in service.cleanup:
                await work()
            get_logger().info("stopped")

    routes = [*common_routes(service.ready, service.registry), *service.routes]
    closing = [one.close for one in offsets]
    return ResilientApp(service, broker, asgi_routes=routes, lifespan=lifespan, logger=None, on_shutdown=closing)


async def _settle(service: Service) -> None:
    """Clear what background work finished only now; where the database is away the next process relays it."""
    for work in service.settle:
        try:
            with as_transient():
                await work()
        except Transient as error:
            get_logger().warning("not_settled", error=str(error))


async def _when_started(service: Service) -> None:
    while not service.started:
        await pause(0.05)
    async with asyncio.TaskGroup() as group:
        for item in service.periodics:
            group.create_task(repeat(item, service.fence))


async def _health(service: Service) -> None:
    try:
        with as_transient():
            await service.fence.look()
        service.database_ok = True
    except Transient:
        service.database_ok = False
    service.broker_ok = await service.publisher.reaches_broker()
    service.look_for_share()
    if service.started and service.fence.wrong:
        _end(service)
    service.metrics.ready.set(all(service.ready().values()))
    service.metrics.lag.clear()
    for subscriber in service.subscribers:
        if subscriber.consumer is not None:
            for topic, lag in consumer_lag(subscriber.consumer).items():
                service.metrics.lag.labels(topic).set(lag)


def _end(service: Service) -> None:
    """Stop what goes by a clock that is wrong, and end, so that partitions go to those who know the time."""
    if service.background is None or service.background.done():
        return
    get_logger().error("clock_wrong", database_ahead_seconds=round(service.fence.ahead.total_seconds(), 1))
    service.background.cancel()
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass(slots=True)
class Watchdog:
    """Ends the process when it had partitions, has none for long, and everything else is there."""

    service: Service
    had_partitions: bool = False
    missing_since: float | None = None

    async def check(self) -> None:
        """Look once."""
        checks, has_some = self.service.ready(), self.service.has_partitions()
        if checks["partitions"] or not (checks["database"] and checks["broker"]):
            self.had_partitions = self.had_partitions or (self.service.started and has_some)
            self.missing_since = None
            return
        self.missing_since = self.missing_since or monotonic()
        if self.had_partitions and monotonic() - self.missing_since > NO_ASSIGNMENT_SECONDS:
            get_logger().error("watchdog_exit", seconds=NO_ASSIGNMENT_SECONDS)
            os.kill(os.getpid(), signal.SIGTERM)


async def serve(app: ResilientApp, settings: ServiceSettings) -> None:
    """Run the process until SIGTERM or SIGINT: stop taking records, finish the batch, commit, close."""
    await http_server(app, settings).serve()

"""The smallest service there can be: counts the progress reports of a case, and says each count on the bus.

It exists to test the engine alone: state that shows any record applied twice, events that show any gap.
Run as `python -m tests.support.tally` with GW_TALLY_GROUP as consumer group and database.
"""

from __future__ import annotations

import os
from datetime import datetime

from prometheus_client import CollectorRegistry

from shared.contracts.cases import TaskProgressed
from shared.contracts.commands import AcceptTask, Command, ProgressTask
from shared.contracts.topics import Topic, internal_pattern
from shared.decision import Decision, Rejected, Stored, Tick, UnknownCase
from shared.infra.app import ResilientApp, Service, build_app
from shared.infra.engine import AggregateStore, Engine
from shared.infra.engine.sweep import Sweeper
from shared.infra.faults import killing
from shared.infra.fence import Fence
from shared.infra.kafka import KafkaPublisher
from shared.infra.metrics import EngineMetrics
from shared.infra.mongo import connect
from shared.infra.observer import MetricsObserver
from shared.infra.patience import Periodic
from shared.infra.settings import ServiceSettings
from shared.infra.wiring import run_process


class Tally(Stored):
    """How often a case was told of progress, in the order of the notes."""

    count: int = 0
    notes: tuple[str, ...] = ()


def decide(state: Tally | None, event: object, now: datetime) -> Decision[Tally]:
    """Count progress; acceptance makes a case known; the note `refuse` is refused, `break` breaks the decision."""
    if isinstance(event, Tick):
        return Decision(state or Tally(), "ticked")
    if not isinstance(event, Command):
        raise Rejected("illegal-transition", "Only commands are counted.")
    if isinstance(event, AcceptTask):
        return Decision(state or Tally(), "opened")
    if not isinstance(event, ProgressTask) or state is None:
        raise UnknownCase(event.case_id)
    if event.note == "refuse":
        raise Rejected("illegal-transition", "This one is refused.", state_met="counting")
    if event.note == "break":
        raise ZeroDivisionError
    counted = state.model_copy(update={"count": state.count + 1, "notes": (*state.notes, event.note or "")})
    return Decision(counted, "counted", (_said(event, counted, now),))


def _said(event: ProgressTask, counted: Tally, now: datetime) -> TaskProgressed:
    return TaskProgressed(
        district=event.district,
        case_id=event.case_id,
        occurred_at=event.occurred_at,
        recorded_at=now,
        task_id=event.task_id,
        department="tally",
        note=f"{counted.count}:{event.note}",
    )


def create_app(settings: ServiceSettings, group: str) -> ResilientApp:
    """Wire the service."""
    registry = CollectorRegistry()
    metrics = EngineMetrics.create(registry, "tally")
    client = connect(settings.mongo_url)
    store = AggregateStore(client[f"gw_{group}"], "tallies", Tally)
    publisher = KafkaPublisher(settings)
    engine = Engine(group, settings.worker, store, publisher, decide, settings.clock(), MetricsObserver(metrics))
    if settings.fault_point:
        engine.wrap_step = killing(settings.fault_point)
    sweeper = Sweeper(engine)
    return build_app(
        Service(
            name=group,
            settings=settings,
            registry=registry,
            metrics=metrics,
            publisher=publisher,
            fence=Fence.of(client, settings.clock_tolerance_seconds),
            subscriptions=[(internal_pattern((Topic.COMMANDS,), settings.districts), engine.handle)],
            periodics=[Periodic("relay", 0.5, sweeper.relay), Periodic("parked", 0.5, sweeper.parked)],
            prepare=[store.create_indexes],
            settle=[engine.clearing.clear],
        )
    )


def main() -> None:
    """Run one process."""
    group = os.environ["GW_TALLY_GROUP"]
    run_process(group, ServiceSettings, lambda settings: create_app(settings, group))


if __name__ == "__main__":
    main()

"""The four services' pure cores chained over a bus in memory: what intake lets in, goes round until nothing is left.

The engine is the real one; database and broker are dictionaries. Whoever reads topics reads them in an order that the
test chooses, some records twice, as after a crash.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry

from services.escalation.domain import decide as escalation
from services.escalation.domain.model import Case as TimedCase
from services.escalation.metrics import EscalationMetrics
from services.intake.domain.decide import decide as decide_report
from services.intake.domain.desk import Desk
from services.intake.domain.model import ReportState
from services.intake.metrics import IntakeMetrics
from services.notifier.domain import delivery
from services.notifier.domain.decide import HEARD
from services.notifier.domain.decide import decide as decide_view
from services.notifier.domain.delivery import CaseNow, is_stale
from services.notifier.domain.grouping import plan
from services.notifier.domain.model import AddressKind, CaseView
from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed
from services.notifier.domain.outcome import Delivered
from services.notifier.domain.surroundings import Surroundings
from services.notifier.metrics import NotifierMetrics
from services.router.domain import decide as router
from services.router.domain.model import Case, next_due
from services.router.handlers import is_of_a_case
from services.router.metrics import RouterMetrics
from shared.contracts.base import Event
from shared.contracts.topics import topic_name
from shared.decision import Tick
from shared.district.model import Profile
from shared.infra.clock import ManualClock
from shared.infra.engine import Engine, Input
from shared.infra.engine.inbox import read_input
from tests.support.advised import look
from tests.support.editions import Editions
from tests.support.entrance import Entrance
from tests.support.memory import Documents, MemoryBus, MemoryStore
from tests.support.moving import follow_the_ground
from tests.support.stand_ins import Ear, RouterWorld, figures, run

Choose = Callable[[Sequence[Any]], Any]

AGAIN = (*[0] * 12, 1, 3)
"""So many records a reader begins back again, as after a crash before it had committed."""


class Cores(Entrance):
    """Intake, router, escalation, notifier and a channel that takes everything."""

    def __init__(self, profile: Profile, start: datetime, choose: Choose) -> None:
        self.editions, self.clock, self.choose = Editions(profile), ManualClock(start), choose
        self.district = profile.code
        self.bus, self.desk = MemoryBus(), Desk({profile.code: self.index})
        self.names: dict[str, str] = {}
        self.said: dict[str, list[Event]] = {}
        self.refused: list[tuple[str, str]] = []
        self.registry = CollectorRegistry()
        self.counts = IntakeMetrics.create(self.registry)
        self.counts.know(self.index)
        self._router_and_intake()
        self._escalation()
        self._notifier()

    def _engine(self, name: str, store: Any, decide: Any, count: Any, heeds: Any = None) -> Engine[Any]:
        return Engine(name, name, store, self.bus, decide, self.clock, Ear(count), heeds=heeds)

    def _router_and_intake(self) -> None:
        intake: Documents = {}
        own: Documents = {}
        self.reports = MemoryStore(intake, "reports", ReportState)
        self.cases = MemoryStore(own, "cases", Case, next_due)
        world, metrics = RouterWorld(self.editions, self.cases), RouterMetrics.create(self.registry)
        self.intake = self._engine("intake", self.reports, decide_report, self.counts.on_applied)
        self.router = self._engine(
            "router",
            self.cases,
            lambda case, event, now: router.decide(case, event, now, world),
            metrics.applied,
            router.HEEDED,
        )

    def _escalation(self) -> None:
        own: Documents = {}
        self.times = MemoryStore(own, "cases", TimedCase, escalation.due)
        metrics = EscalationMetrics.create(self.registry)

        def decide(case: TimedCase | None, event: Any, now: datetime) -> Any:
            return escalation.decide(case, event, now, self.editions.at)

        self.escalation = self._engine("escalation", self.times, decide, metrics.applied, escalation.HEEDED)

    def _notifier(self) -> None:
        own: Documents = {}
        self.views = MemoryStore(own, "cases", CaseView)
        self.notices = MemoryStore(own, "notices", NoticeState, lambda one: one.due)
        metrics = NotifierMetrics.create(self.registry, ("file",))
        around = Surroundings(
            self.editions,
            {"file": AddressKind.ANY},
            lambda _, owners: (owners[0], (AddressKind.PHONE,)),
            lambda notice: self.notices.companion(notice.id, notice),
        )
        heeds = frozenset(event.type for event in HEARD)
        self.teller = self._engine(
            "notifier",
            self.views,
            lambda view, event, now: decide_view(view, event, now, around),
            metrics.applied,
            heeds,
        )
        self.courier = self._engine(
            "notifier", self.notices, lambda one, event, now: delivery.decide(one, event, now, around), metrics.applied
        )

    # ---- round and round

    READERS: ClassVar = {
        "router": ("incidents", "commands", "escalations"),
        "escalation": ("cases", "commands"),
        "notifier": ("incidents", "cases", "escalations", "commands"),
    }

    def drain(self) -> None:
        """Let everybody read until nothing is left, in an order that is chosen, some of it twice."""
        engines = {"router": self.router, "escalation": self.escalation, "notifier": self.teller}
        while True:
            waiting = [
                (reader, topic)
                for reader, suffixes in self.READERS.items()
                for topic in self.bus.waiting(reader, [topic_name(self.district, suffix) for suffix in suffixes])
            ]
            if not waiting:
                return
            reader, topic = self.choose(waiting)
            records = self.bus.take(reader, topic, self.choose((50, 1)))
            if reader == "router":
                records = [one for one in records if is_of_a_case(one)]
            run(engines[reader].handle(records))
            self.bus.places[reader, topic] -= min(self.bus.places[reader, topic], self.choose(AGAIN))

    def sweep(self) -> None:
        """Do what is due, until nothing is."""
        self.drain()
        while self._at_work():
            self.drain()

    def _at_work(self) -> int:
        """Let time act once; return how much there was to do."""
        found = look(self.escalation, self.times, self.index.profile)
        found += follow_the_ground(self.escalation, self.times, self.editions)
        return found + self._tick(self.router, self.cases) + self._tick(self.escalation, self.times) + self.deliver()

    def _tick(self, engine: Engine[Any], store: MemoryStore[Any]) -> int:
        ids = [id_ for at, id_ in store.dues() if at <= self.clock.now()]
        for id_ in ids:
            run(engine.apply([Input(id_, "", Tick(id_))]))
        return len(ids)

    def sleep(self, end: datetime) -> None:
        """Let time pass while escalation and notifier hear everything and sweep nothing; the router ends its holds."""
        self.drain()
        while (dues := self.cases.dues()) and dues[0][0] <= end:
            self.clock.instant = max(self.clock.instant, dues[0][0])
            self._tick(self.router, self.cases)
            self.drain()
        self.clock.instant = max(self.clock.instant, end)

    def glance(self) -> None:
        """Sweep once, at whatever moment it is."""
        self._tick(self.escalation, self.times)
        self.drain()

    def advance(self, end: datetime) -> None:
        """Let time pass with sweeps at every instant at which something is due."""
        self.sweep()
        while (dues := [one[0] for store in (self.cases, self.times, self.notices) for one in store.dues()]) and (
            min(dues) <= end
        ):
            self.clock.instant = max(self.clock.instant, min(dues))
            self.sweep()
        self.clock.instant = max(self.clock.instant, end)

    def deliver(self) -> int:
        """Deliver what is due as a lane would, to a channel that takes everything."""
        now, profile = self.clock.now(), self.index.profile
        due = [one for one in self.notices.states().values() if one.due is not None and one.due <= now]
        seen = {id_: CaseNow(one.episode, one.closed, one.done) for id_, one in self.views.states().items()}
        stale = [one for one in due if one.held and is_stale(one, now, seen[one.case_id])]
        for to in dict.fromkeys(one.to for one in due):
            planned = plan(
                [one for one in due if one.to == to and one not in stale], (), now, profile.notify, profile.zone
            )
            for wait in planned.waits:
                self._happen(wait.notice, Postponed(wait.until, wait.reason))
            for message in planned.messages:
                for one in message.notices:
                    self._happen(one, Attempted(Delivered(), one.attempts + 1, size=len(message.notices)))
        for one in stale:
            self._happen(one, Dropped("stale"))
        return len(due)

    def _happen(self, notice: NoticeState, what: Any) -> None:
        run(self.courier.apply([Input(notice.id, "", what)]))

    # ---- out

    def events(self, suffix: str) -> list[Event]:
        """Return everything that was said on a topic."""
        records, read = self.bus.topics.get(topic_name(self.district, suffix), []), self.said.setdefault(suffix, [])
        read += [read_input(one).event for one in records[len(read) :]]
        return read

    def letters(self) -> list[tuple[str, str]]:
        """Return (id of the record, error) of every dead letter; a record that waits for its case is one in the end."""
        found = list(self.refused)
        for one in self.bus.topics.get(topic_name(self.district, "dead-letters"), ()):
            letter = json.loads(one.value or b"")
            found.append((self._name(letter["headers"]), letter["error"]))
        for store in (self.cases, self.times):
            parked = [item for id_ in store.documents for item in store.read(id_).get("parked", ())]
            found += [(self._name_of(item["headers"]), "unknown-case") for item in parked]
        return found

    def _name(self, headers: list[list[str]]) -> str:
        return self._name_of([(name, b64decode(value)) for name, value in headers])

    def _name_of(self, headers: Sequence[Any]) -> str:
        return self.names[next(bytes(value) for name, value in headers if name == "ce_id").decode()]

    def figures(self) -> dict[tuple[str, ...], int]:
        """Return every figure that the model keeps too."""
        return figures(self.registry.collect(), self.district)

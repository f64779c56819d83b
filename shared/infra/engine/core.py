"""The steps of one batch, in the order that makes the guarantee hold: load, decide, save, publish, mark.

A crash between any two is repaired by redelivery: what was saved is remembered and only published again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol

from shared.decision import Poison, S, Transient
from shared.infra.clock import Clock, wall_clock
from shared.infra.engine.broken import BREAKING, broken, is_broken
from shared.infra.engine.clearing import Bookkeeper, Clearing
from shared.infra.engine.fold import Applied, Decide, Enter, Fold, Rejection
from shared.infra.engine.inbox import Input, Record, is_for_others, read_input
from shared.infra.engine.outbox import Outgoing, dead_letter, received_at
from shared.infra.engine.store import AggregateStore, Slot
from shared.infra.log import get_logger

MAX_CONFLICT_ROUNDS = 20
"""A version conflict re-decides; so many in a row mean that something else is wrong, and redelivery takes over."""


RELAYED_SECONDS = 2.0
"""How long the broker may take for what the relay can publish as well. Receipts that waited for a broker that was away
kept the receipts behind them from being saved, and their notices were sent again once their claims had ended."""


class Publisher(Protocol):
    """Sends records and returns when the broker has acknowledged all of them."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send the records in order per key.

        Raises:
            Transient: the broker did not take them.
        """


class EngineObserver(Protocol[S]):
    """Hears what was saved and what was refused, once each, for metrics and logs."""

    def applied(self, applied: Applied[S]) -> None:
        """One decision was saved."""

    def rejected(self, rejection: Rejection) -> None:
        """One record was refused."""

    def counted(self, outcome: str, number: int) -> None:
        """`number` records ended as `outcome` (duplicate, conflict, relayed …)."""


@dataclass(slots=True)
class Batch(Generic[S]):
    """What the steps hand to each other."""

    groups: dict[str, list[Input]]
    known: Mapping[str, Slot[S]] = field(default_factory=dict)
    slots: dict[str, Slot[S]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    fold: Fold[S] | None = None
    stamp: str = ""
    to_mark: list[str] = field(default_factory=list)
    to_publish: list[Outgoing] = field(default_factory=list)
    relayed: bool = False
    times: dict[str, tuple[int, int]] = field(default_factory=dict)


Step = Callable[[Batch[S]], Awaitable[None]]
Prepare = Callable[[Sequence[Input], dict[str, S | None]], Awaitable[None]]


@dataclass(slots=True)
class Engine(Generic[S]):
    """Runs batches. `prepare` may fetch what `decide` needs (profiles) for the inputs and states at hand.

    `heeds` are the message types the service decides on; another known type on its topics is somebody else's and is
    passed over undecoded and unsaved. Without it every record is decoded and decided. A `patient` engine leaves what it
    published to whoever calls `clearing.clear` every moment; another has emptied the outboxes when a batch is done.
    `enter` gives an input the place in its trace that what it causes is to carry on; see `shared/infra/tracing.py`.
    """

    service: str
    worker: str
    store: AggregateStore[S]
    publisher: Publisher
    decide: Decide[S]
    clock: Clock
    observer: EngineObserver[S]
    prepare: Prepare[S] | None = None
    heeds: frozenset[str] | None = None
    wrap_step: Callable[[str, Step[S]], Step[S]] = lambda _, step: step
    enter: Enter | None = None
    ledger: Bookkeeper | None = None
    patient: bool = True
    clearing: Clearing[S] = field(init=False)
    _stamps: Any = field(default_factory=lambda: itertools.count(int(wall_clock().timestamp() * 1000)))

    def __post_init__(self) -> None:
        """Make what clears the outboxes."""
        self.clearing = Clearing(self)

    async def handle(self, records: Sequence[Record]) -> None:
        """Decode internal records and apply them; a bad one becomes a dead letter and harms no other."""
        inputs, rejections = self._read(records)
        await self.apply(inputs, rejections)

    def _read(self, records: Sequence[Record]) -> tuple[list[Input], list[Rejection]]:
        inputs: list[Input] = []
        rejections: list[Rejection] = []
        for record in records:
            if self.heeds is not None and is_for_others(record, self.heeds):
                continue
            try:
                inputs.append(read_input(record))
            except Poison as poison:
                letter = dead_letter(self.service, record, poison, received_at(self.clock, record))
                rejections.append(Rejection(None, poison, letter, record))
        return inputs, rejections

    async def apply(
        self,
        inputs: Sequence[Input],
        rejections: Sequence[Rejection] = (),
        decide: Decide[S] | None = None,
        passing: Sequence[Outgoing] = (),
        known: Mapping[str, Slot[S]] | None = None,
        *,
        relayed: bool = False,
    ) -> None:
        """Apply inputs exactly once and publish what they cause; returns when all is safe.

        `decide` replaces the engine's own for this batch (intake's depends on the reports around it). `passing` are
        records without state of their own that are published with the batch (intake's permitted commands). `known` are
        aggregates that the caller has just read: they are not loaded, and one that has changed since is a conflict.
        `relayed`: for inputs that no record brought, where saved is safe; what a broker that is away does not take is
        left in the outboxes, to the relay.

        Raises:
            Transient: database or broker are away; nothing is lost, deliver the records again.
        """
        try:
            await self._run(inputs, rejections, decide or self.decide, passing, known or {}, relayed=relayed)
        except BREAKING as error:
            if not is_broken(error):
                raise
            await self._run_apart(inputs, rejections, decide or self.decide, passing)

    async def _run(
        self,
        inputs: Sequence[Input],
        rejections: Sequence[Rejection],
        decide: Decide[S],
        passing: Sequence[Outgoing] = (),
        known: Mapping[str, Slot[S]] | None = None,
        *,
        relayed: bool = False,
    ) -> None:
        batch = Batch[S](_by_aggregate(inputs), known or {}, rejections=list(rejections), to_publish=list(passing))
        batch.relayed = relayed
        for name, step in self._steps(decide):
            await self.wrap_step(name, step)(batch)

    async def _run_apart(
        self,
        inputs: Sequence[Input],
        rejections: Sequence[Rejection],
        decide: Decide[S],
        passing: Sequence[Outgoing],
    ) -> None:
        """Apply a batch that cannot be stored input by input; the one that is to blame becomes a dead letter."""
        refused = list(rejections)
        for source in inputs:
            try:
                await self._run([source], (), decide)
            except BREAKING as error:
                if not is_broken(error):
                    raise
                refused.append(broken(self.service, source, error, self.clock))
        await self._run((), refused, decide, passing)

    def _steps(self, decide: Decide[S]) -> list[tuple[str, Step[S]]]:
        async def run_decide(batch: Batch[S]) -> None:
            await self._decide(batch, decide)

        return [
            ("load", self._load),
            ("decide", run_decide),
            ("companions", self._save_companions),
            ("save", self._save),
            ("publish", self._publish),
            ("clear", self._clear),
        ]

    async def _load(self, batch: Batch[S]) -> None:
        unknown = [id_ for id_ in batch.groups if id_ not in batch.known]
        batch.slots = {id_: batch.known[id_] for id_ in batch.groups if id_ in batch.known}
        if unknown:
            batch.slots |= await self.store.load(unknown)
        for slot in batch.slots.values():
            self.clearing.recognise(slot)

    async def _decide(self, batch: Batch[S], decide: Decide[S]) -> None:
        await self._prepare(batch, batch.slots)
        batch.fold = Fold(self.service, decide, self.clock, self.clock.now(), wall_clock(), self.enter)
        for id_, inputs in batch.groups.items():
            batch.fold.run(batch.slots[id_], inputs)

    async def _prepare(self, batch: Batch[S], slots: dict[str, Slot[S]]) -> None:
        if self.prepare is not None and slots:
            inputs = [source for id_ in slots for source in batch.groups[id_]]
            await self.prepare(inputs, {id_: slot.state for id_, slot in slots.items()})

    async def _save_companions(self, batch: Batch[S]) -> None:
        await self.store.save_companions([item for slot in batch.slots.values() for item in slot.companions])

    async def _save(self, batch: Batch[S]) -> None:
        batch.stamp = f"{self.worker}/{next(self._stamps)}"
        changed = [slot for slot in batch.slots.values() if slot.changed]
        conflicts = await self.store.save(changed, batch.stamp, wall_clock())
        for _ in range(MAX_CONFLICT_ROUNDS):
            if not conflicts:
                break
            conflicts = await self._redecide(batch, conflicts)
        else:
            raise Transient(f"{len(conflicts)} aggregates kept changing")
        self._observe(batch)
        self._collect(batch)

    async def _redecide(self, batch: Batch[S], conflicts: set[str]) -> set[str]:
        """Decide again on what is stored now, for just the aggregates that another replica changed meanwhile."""
        self.observer.counted("conflict", len(conflicts))
        fold = _require(batch.fold)
        fold.applied = [item for item in fold.applied if item.source.aggregate not in conflicts]
        fold.rejections = [item for item in fold.rejections if item.source and item.source.aggregate not in conflicts]
        slots = await self.store.load(sorted(conflicts))
        await self._prepare(batch, slots)
        for id_, slot in slots.items():
            self.clearing.recognise(slot)
            fold.run(slot, batch.groups[id_])
            batch.slots[id_] = slot
        await self.store.save_companions([item for slot in slots.values() for item in slot.companions])
        changed = [slot for slot in slots.values() if slot.changed]
        return await self.store.save(changed, batch.stamp, wall_clock())

    def _observe(self, batch: Batch[S]) -> None:
        fold = _require(batch.fold)
        batch.rejections += fold.rejections
        for item in fold.applied:
            self.observer.applied(item)
        for rejection in batch.rejections:
            self.observer.rejected(rejection)
        if fold.duplicates:
            self.observer.counted("duplicate", fold.duplicates)

    def _collect(self, batch: Batch[S]) -> None:
        for slot in batch.slots.values():
            if slot.outbox and (slot.changed or slot.republish):
                batch.to_publish += slot.outbox[slot.published :]
                if slot.changed:
                    batch.to_mark.append(slot.id)
        batch.to_publish += [rejection.letter for rejection in batch.rejections if rejection.letter is not None]

    async def _publish(self, batch: Batch[S]) -> None:
        if not batch.to_publish:
            return
        if not batch.relayed:
            await self.publisher.publish(batch.to_publish)
            return
        try:
            async with asyncio.timeout(RELAYED_SECONDS):
                await self.publisher.publish(batch.to_publish)
        except (Transient, TimeoutError):
            get_logger().warning("left_to_the_relay", records=len(batch.to_publish))
            batch.to_mark, batch.to_publish = [], []

    async def _clear(self, batch: Batch[S]) -> None:
        await self.clearing.take(dict.fromkeys(batch.to_mark, batch.stamp), batch.to_publish)


def _by_aggregate(inputs: Sequence[Input]) -> dict[str, list[Input]]:
    groups: dict[str, list[Input]] = {}
    for source in inputs:
        groups.setdefault(source.aggregate, []).append(source)
    return groups


def _require(fold: Fold[S] | None) -> Fold[S]:
    if fold is None:
        raise RuntimeError("save runs after decide")
    return fold

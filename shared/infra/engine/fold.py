"""Deciding: the inputs of a batch, in order, through the pure decision, aggregate by aggregate. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic

from shared.decision import Decision, Poison, Rejected, S, UnknownCase
from shared.infra.clock import Clock
from shared.infra.engine.inbox import Input, Record, read_input
from shared.infra.engine.outbox import Outgoing, dead_letter, outgoing_events, received_at
from shared.infra.engine.store import Slot, born_in

Decide = Callable[[S | None, Any, datetime], Decision[S]]
"""`decide(state, event, now)`; an event from the bus is an `Event`, a timer's a `Tick`, a service may have its own."""

Enter = Callable[[Input], Input]
"""Gives an input a new `traceparent`, that of what is done about it here."""

PARK_SECONDS = 30
"""How long a record about an unknown case waits for it. Topics are read independently: a command may overtake the
event that makes its case known, and must not be refused for that."""

MAX_PARKED = 200
MAX_PARKED_BYTES = 4 * 1024 * 1024
"""What may wait for one case at most. A script that kept on about a case that does not exist filled its document past
MongoDB's limit, and the batch failed until the wait was over."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was refused, with the reason; `record` where it could not even be read into an input."""

    source: Input | None
    poison: Poison
    letter: Outgoing | None
    record: Record | None = None


@dataclass(slots=True)
class Applied(Generic[S]):
    """What was decided, for observers: called once per saved decision."""

    source: Input
    decision: Decision[S]


@dataclass(slots=True)
class ParkedRecord:
    """A record as it waits in a document."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    @classmethod
    def from_document(cls, parked: dict[str, Any]) -> ParkedRecord:
        """Read it from a document."""
        headers = [(name, None if value is None else bytes(value)) for name, value in parked["headers"]]
        return cls(**{**{name: parked[name] for name in _PLAIN}, "headers": headers})


_PLAIN = ("topic", "partition", "offset", "timestamp", "key", "value")


@dataclass(slots=True)
class Fold(Generic[S]):
    """Applies inputs to slots and gathers what came of it."""

    service: str
    decide: Decide[S]
    clock: Clock
    now: datetime
    real_now: datetime
    enter: Enter | None = None
    applied: list[Applied[S]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: int = 0

    def run(self, slot: Slot[S], inputs: Sequence[Input]) -> None:
        """Apply the inputs of one aggregate in order."""
        for source in inputs:
            if self._known(slot, source):
                self.duplicates += 1
                slot.republish = True
                continue
            self._step(slot, source)

    @staticmethod
    def _known(slot: Slot[S], source: Input) -> bool:
        if source.record is None:
            return False
        return source.mark in slot.marks or (bool(slot.refused) and source.refusal in slot.refused)

    def _step(self, slot: Slot[S], source: Input) -> None:
        was_unknown = slot.state is None
        try:
            decision = self.decide(slot.state, source.event, self.now)
        except UnknownCase as unknown:
            self._park(slot, source, unknown)
        except Poison as poison:
            self._refuse(slot, source, poison)
        except Exception as error:  # noqa: BLE001 - a bug in one decision must not stop the records behind it
            self._refuse(slot, source, Poison("internal-error", f"The decision failed: {type(error).__name__}."))
        else:
            self._take(slot, source, decision)
            if was_unknown:
                self._unpark(slot)

    def _take(self, slot: Slot[S], source: Input, decision: Decision[S]) -> None:
        if source.record is None:
            if decision.state is slot.state and not decision.events:
                return
            cause = f"{self.service}/{slot.id}@{slot.version}"
            source = replace(source, cause=cause, traceparent=source.traceparent or slot.trace)
        slot.changed = True
        slot.state = decision.state
        self._tell(slot, source, decision)
        if source.record is not None:
            slot.marks.add(source.mark)
            slot.new_marks.append(source.mark)
        self.applied.append(Applied(source, decision))

    def _tell(self, slot: Slot[S], source: Input, decision: Decision[S]) -> None:
        if self.enter is None:
            slot.outbox += outgoing_events(self.service, source, decision.events)
            slot.companions += decision.companions
            return
        entered = self.enter(source)
        slot.outbox += outgoing_events(self.service, entered, decision.events)
        slot.companions += (born_in(entered.traceparent, one) for one in decision.companions)

    def _refuse(self, slot: Slot[S], source: Input, poison: Poison) -> None:
        """Refuse a record once and for all, with its letter in the outbox.

        Delivered again after what came behind it, it might be legal, and the state would not be that of a clean run.
        """
        if source.record is None or slot.state is None:
            self.reject(source, poison)
            return
        slot.changed = True
        slot.refused.add(source.refusal)
        slot.new_refused.append(source.refusal)
        slot.outbox.append(self._letter(source.record, poison))
        self.rejections.append(Rejection(source, poison, None))

    def reject(self, source: Input, poison: Poison) -> None:
        """Note a refusal; a record gets a dead letter, a tick has none."""
        record = source.record
        letter = None if record is None else self._letter(record, poison)
        self.rejections.append(Rejection(source, poison, letter))

    def _letter(self, record: Record, poison: Poison) -> Outgoing:
        return dead_letter(self.service, record, poison, received_at(self.clock, record))

    def _park(self, slot: Slot[S], source: Input, unknown: Rejected) -> None:
        record = source.record
        if record is None:
            self.reject(source, unknown)
        elif not any(item["mark"] == source.mark for item in slot.parked):
            item = self._parked(source.mark, record)
            if len(slot.parked) < MAX_PARKED and _bytes([*slot.parked, item]) <= MAX_PARKED_BYTES:
                slot.parked.append(item)
                slot.changed = True
            else:
                self.reject(source, unknown)

    def _parked(self, mark: bytes, record: Record) -> dict[str, Any]:
        until = self.real_now + timedelta(seconds=PARK_SECONDS)
        headers = [[name, value] for name, value in record.headers]
        plain = {name: getattr(record, name) for name in _PLAIN}
        return {**plain, "headers": headers, "mark": mark, "until": until}

    def _unpark(self, slot: Slot[S]) -> None:
        waiting, slot.parked = slot.parked, []
        self.run(slot, [read_input(ParkedRecord.from_document(item)) for item in waiting])

    def expire_parked(self, slot: Slot[S]) -> None:
        """Turn the parked records whose wait is over into dead letters."""
        expired = [item for item in slot.parked if item["until"] <= self.real_now]
        slot.parked = [item for item in slot.parked if item["until"] > self.real_now]
        slot.changed = slot.changed or bool(expired)
        for item in expired:
            self.reject(read_input(ParkedRecord.from_document(item)), UnknownCase(slot.id))


def _bytes(parked: Sequence[dict[str, Any]]) -> int:
    return sum(
        len(item["key"] or b"")
        + len(item["value"] or b"")
        + sum(len(name) + len(value or b"") for name, value in item["headers"])
        for item in parked
    )

"""What becomes of a record in this process, as spans: received, decided, written, published, delivered.

The engine works in batches, a trace is about one report: each record gets spans of its own, with the times of the steps
that it went through together with others. They are made when a batch is done, from what is stored and known anyway;
nothing about an event but its header `ce_traceparent` depends on whether anybody looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from shared.decision import Poison
from shared.infra.clock import epoch_ns
from shared.infra.engine.core import Batch, Engine
from shared.infra.engine.correlation import about, case_of
from shared.infra.engine.fold import Applied
from shared.infra.engine.inbox import Input, Record
from shared.infra.faults import WrapStep
from shared.infra.settings import ServiceSettings
from shared.infra.trace_context import Contexts, SpanId, parse, span_of

Times = tuple[int, int]
"""Begin and end, nanoseconds since 1970."""

_STEPS = ("load", "decide", "companions", "save", "publish")
_NANOSECONDS = 1_000_000


class Kind(StrEnum):
    """What a span is to those around it."""

    CONSUMER = "consumer"
    PRODUCER = "producer"
    CLIENT = "client"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Span:
    """A finished piece of work; `error` is one closed word."""

    name: str
    id: SpanId
    parent: SpanId | None
    times: Times
    kind: Kind = Kind.INTERNAL
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    error: str | None = None


class Recorder(Protocol):
    """Takes spans away; never waits, and drops what it cannot hold."""

    def record(self, span: Span) -> None:
        """Take one."""

    async def stop(self) -> None:
        """Send what is left, within seconds."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """The traces of one process."""

    contexts: Contexts
    recorder: Recorder

    def follow(self, engine: Engine[Any]) -> None:
        """Let an engine give what it publishes its place in the trace, and make spans of its batches."""
        engine.enter, engine.wrap_step = self.enter, self._timing(engine.wrap_step)

    def enter(self, source: Input) -> Input:
        """Return the input as what it causes is to be told of it: with the span of this service as parent."""
        return replace(source, traceparent=str(self.contexts.own(source.cause, parse(source.traceparent))))

    def _timing(self, inner: WrapStep) -> WrapStep:
        def wrap(name: str, step: Any) -> Any:
            wrapped = inner(name, step)
            return self._timed(name, wrapped) if name in _STEPS else wrapped

        return wrap

    def _timed(self, name: str, step: Any) -> Any:
        async def timed(batch: Batch[Any]) -> None:
            begin, failed = epoch_ns(), True
            try:
                await step(batch)
                failed = False
            finally:
                batch.times[name] = begin, epoch_ns()
                if name == "publish":
                    self._tell(batch, failed=failed)

        return timed

    def _tell(self, batch: Batch[Any], *, failed: bool) -> None:
        for applied in batch.fold.applied if batch.fold else ():
            self._work(applied, batch.times, "not-published" if failed else None)
        for rejection in batch.rejections:
            if rejection.source is not None:
                self._refused(rejection.source, rejection.poison, batch.times)

    def _work(self, applied: Applied[Any], times: Mapping[str, Times], failed: str | None) -> None:
        source = applied.source
        parent = parse(source.traceparent)
        own = self.contexts.own(source.cause, parent)
        if not own.sampled:
            return
        begin = _begin(source.record, times["load"][0])
        attributes = {**_attributes(source, case_of(applied)), "gridwhistle.reason": applied.decision.reason}
        whole = (begin, times["publish"][1])
        self.recorder.record(Span(self._name(source), own, parent, whole, Kind.CONSUMER, attributes, failed))
        self._step(source, own, "receive", (begin, times["decide"][0]))
        self._step(source, own, "decide", times["decide"])
        self._step(source, own, "write", (times["companions"][0], times["save"][1]))
        if applied.decision.events:
            self._step(source, own, "publish", times["publish"], Kind.PRODUCER, failed)

    def _step(
        self, source: Input, own: SpanId, name: str, times: Times, kind: Kind = Kind.INTERNAL, error: str | None = None
    ) -> None:
        id_ = SpanId(own.trace, span_of(f"{self.contexts.service}/{source.cause}/{name}"), own.sampled)
        self.recorder.record(Span(name, id_, own, times, kind, {}, error))

    def _refused(self, source: Input, poison: Poison, times: Mapping[str, Times]) -> None:
        parent = parse(source.traceparent)
        own = self.contexts.own(source.cause, parent)
        if own.sampled:
            whole = (_begin(source.record, times["load"][0]), times["publish"][1])
            attributes = _attributes(source, None)
            self.recorder.record(Span(self._name(source), own, parent, whole, Kind.CONSUMER, attributes, poison.error))

    def _name(self, source: Input) -> str:
        """Return the service and what it worked on, e.g. `router report.accepted`: few names, and no ids in them."""
        event = source.event
        told = getattr(event, "type", None) or type(event).__name__.lower()
        return f"{self.contexts.service} {told.removeprefix('gridwhistle.').removesuffix('.v1')}"

    def passed(self, sources: Sequence[Input]) -> None:
        """Tell of records that were passed on without a state of their own; each is its sender's child."""
        for source in sources:
            parent = parse(source.traceparent)
            own = self.contexts.own(source.cause, parent)
            if own.sampled:
                now = epoch_ns()
                whole, said = (_begin(source.record, now), now), _attributes(source, None)
                self.recorder.record(Span(self._name(source), own, parent, whole, Kind.CONSUMER, said))

    def delivered(self, channel: str, notice: str, trace: str | None, attempt: int, times: Times, word: str) -> None:
        """Tell of one handing over to a channel; `trace` is where the notice was made, `word` what came of it."""
        parent = parse(trace)
        if parent is not None and parent.sampled:
            id_ = SpanId(parent.trace, span_of(f"{self.contexts.service}/{notice}/deliver/{attempt}"), sampled=True)
            attributes = {"gridwhistle.channel": channel, "gridwhistle.notice_id": notice, "gridwhistle.outcome": word}
            error = None if word == "delivered" else word
            self.recorder.record(Span("deliver", id_, parent, times, Kind.CLIENT, attributes, error))


def _begin(record: Record | None, handled: int) -> int:
    """Return since when a record was there: when the broker had it, but never later than we did."""
    if record is None or record.timestamp <= 0:
        return handled
    return min(record.timestamp * _NANOSECONDS, handled)


def _attributes(source: Input, case: str | None) -> dict[str, str | int]:
    """Return what may be said of an input: where it stood, and which case it is about. Nothing that a person wrote."""
    said: dict[str, str | int] = {f"gridwhistle.{name}": value for name, value in about(source, case).items()}
    said.pop("gridwhistle.trace_id", None)
    record = source.record
    if record is not None:
        said["messaging.system"] = "kafka"
        said["messaging.operation.type"] = "process"
        said["messaging.destination.name"] = record.topic
        said["messaging.destination.partition.id"] = str(record.partition)
        said["messaging.kafka.offset"] = record.offset
    return said


def tracing_of(settings: ServiceSettings, service: str, *, begins: bool = False) -> Tracing | None:
    """Return what the settings ask for; without an address nothing of OpenTelemetry is even imported."""
    if settings.traces_url is None:
        return None
    from shared.infra.otel import OtlpRecorder  # noqa: PLC0415 - 10 MB and a thread that most processes never need

    recorder = OtlpRecorder.at(str(settings.traces_url), service, settings.worker)
    return Tracing(Contexts(service, settings.traces_ratio, begins), recorder)

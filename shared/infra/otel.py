"""Spans out of the process, by OpenTelemetry's own SDK and OTLP over HTTP. Imported only where traces are asked for.

Its further settings (headers and certificates of a collector that asks who one is) are its own environment variables,
`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_CERTIFICATE` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.infra.clock import monotonic, pause
from shared.infra.trace_context import SpanId
from shared.infra.tracing import Kind, Span

QUEUE = 8_192
"""Spans that may wait: three full batches of records. What comes on top is dropped, and the library warns."""

EXPORT_SECONDS = 5.0
STOP_SECONDS = 3.0
"""How long an ending process waits for its collector; spans are no reason to be killed."""

_KINDS = {
    Kind.CONSUMER: trace.SpanKind.CONSUMER,
    Kind.PRODUCER: trace.SpanKind.PRODUCER,
    Kind.CLIENT: trace.SpanKind.CLIENT,
    Kind.INTERNAL: trace.SpanKind.INTERNAL,
}


@dataclass(slots=True)
class GivenIds(IdGenerator):
    """Hands out the ids it was given last: ours follow from what they are of, the library's would be drawn."""

    id: SpanId = field(default_factory=lambda: SpanId("0" * 32, "0" * 16, sampled=False))

    def generate_span_id(self) -> int:
        """Return the span's id."""
        return int(self.id.span, 16)

    def generate_trace_id(self) -> int:
        """Return the trace's id; asked for the first span of a trace only."""
        return int(self.id.trace, 16)


@dataclass(frozen=True, slots=True)
class OtlpRecorder:
    """Hands spans to the library, whose thread sends them in batches. Not to be used from two threads."""

    provider: TracerProvider
    tracer: trace.Tracer
    ids: GivenIds

    @classmethod
    def at(cls, url: str, service: str, worker: str) -> OtlpRecorder:
        """Return one that sends to an address."""
        ids = GivenIds()
        who = Resource.create({"service.name": f"gridwhistle-{service}", "service.instance.id": worker})
        provider = TracerProvider(ALWAYS_ON, who, shutdown_on_exit=False, id_generator=ids)
        exporter = OTLPSpanExporter(url, timeout=EXPORT_SECONDS)
        provider.add_span_processor(BatchSpanProcessor(exporter, QUEUE, schedule_delay_millis=1_000))
        return cls(provider, provider.get_tracer("gridwhistle"), ids)

    def record(self, span: Span) -> None:
        """Take one."""
        self.ids.id = span.id
        begin, end = span.times
        made = self.tracer.start_span(
            span.name, _below(span.parent), _KINDS[span.kind], dict(span.attributes), start_time=begin
        )
        if span.error is not None:
            made.set_attribute("error.type", span.error)
            made.set_status(trace.StatusCode.ERROR)
        made.end(end)

    async def stop(self) -> None:
        """Send what is left; a collector that does not answer is left alone."""
        ending = Thread(target=self.provider.shutdown, daemon=True)
        ending.start()
        until = monotonic() + STOP_SECONDS
        while ending.is_alive() and monotonic() < until:
            await pause(0.02)


def _below(parent: SpanId | None) -> Any:
    """Return the library's word for "a child of that span", or for the first of a trace."""
    if parent is None:
        return trace.set_span_in_context(trace.INVALID_SPAN)
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    context = trace.SpanContext(int(parent.trace, 16), int(parent.span, 16), is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(context))

"""A collector of traces for tests: takes OTLP over HTTP and remembers the spans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Told:
    """One span as it was sent; ids in hexadecimal."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    begin: int
    end: int
    attributes: dict[str, str]


@dataclass(slots=True)
class Collector:
    """What was received so far."""

    port: int
    spans: list[Told] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return where exporters send."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def of(self, trace: str) -> list[Told]:
        """Return the spans of one trace, in the order of their beginnings."""
        return sorted((one for one in list(self.spans) if one.trace == trace), key=lambda one: one.begin)

    def take(self, body: bytes) -> None:
        """Remember what one request brings."""
        request = ExportTraceServiceRequest.FromString(body)
        for group in request.resource_spans:
            said = {one.key: one.value.string_value for one in group.resource.attributes}
            for span in (span for scope in group.scope_spans for span in scope.spans):
                self.spans.append(
                    Told(
                        said["service.name"].removeprefix("gridwhistle-"),
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        {one.key: one.value.string_value for one in span.attributes},
                    )
                )


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take one export."""
            receiver.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Collector(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()

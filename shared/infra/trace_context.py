"""Trace contexts (W3C): which trace a piece of work belongs to, and the id of its span. Derived, never drawn.

The id of a span follows from the service and the cause, as the ids of events do: what is decided again after a crash
has the span it had, and the records it publishes carry the headers they carried. No exporter is known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED = 1
_TRACE_BYTES, _SPAN_BYTES = 16, 8
_ALL = 1 << 64


@dataclass(frozen=True, slots=True)
class SpanId:
    """One span of one trace, and whether the trace is recorded."""

    trace: str
    span: str
    sampled: bool

    def __str__(self) -> str:
        """Return it as a `traceparent` says it."""
        return f"00-{self.trace}-{self.span}-{_SAMPLED if self.sampled else 0:02x}"


def parse(traceparent: str | None) -> SpanId | None:
    """Read a `traceparent`; None where there is none, or where it names nothing."""
    found = _FORM.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    trace, span, flags = found.groups()
    return SpanId(trace, span, bool(int(flags, 16) & _SAMPLED))


def span_of(name: str) -> str:
    """Return the span id of a piece of work that has a name for good."""
    return blake2b(name.encode(), digest_size=_SPAN_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class Contexts:
    """Gives what a service does its place in a trace.

    `ratio` of the traces that begin here are recorded. A service that `begins` decides so for every trace that comes
    in: partners say which trace a report belongs to, but not what we spend on it.
    """

    service: str
    ratio: float
    begins: bool = False

    def own(self, cause: str, parent: SpanId | None) -> SpanId:
        """Return the span of what the service does about a cause: its parent's child, or the first of a new trace."""
        name = f"{self.service}/{cause}"
        if parent is None:
            trace = blake2b(name.encode(), digest_size=_TRACE_BYTES).hexdigest()
            return SpanId(trace, span_of(name), self._is_chosen(trace))
        sampled = self._is_chosen(parent.trace) if self.begins else parent.sampled
        return SpanId(parent.trace, span_of(name), sampled)

    def _is_chosen(self, trace: str) -> bool:
        """Choose by the trace's own id, so that every replica chooses alike (as OpenTelemetry's samplers do)."""
        return int(trace[-2 * _SPAN_BYTES :], 16) < self.ratio * _ALL

"""The CloudEvents 1.0 envelope in Kafka's binary mode: attributes as `ce_` headers, data as the value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[str, bytes | None]]

JSON = "application/json"
STRUCTURED = "application/cloudevents"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one message: `source` + `id` is unique, `correlationid` the case, `causationid` the cause."""

    id: str
    source: str
    type: str
    time: str
    subject: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None


_OPTIONAL = ("subject", "correlationid", "causationid", "traceparent")
_FIELDS = ("id", "source", "type", "time", *_OPTIONAL)
_HEADERS = tuple((name, f"ce_{name}") for name in _FIELDS)
_REQUIRED = ("ce_id", "ce_source", "ce_type")
_REST = tuple(f"ce_{name}" for name in _OPTIONAL)
_ALWAYS = (("ce_specversion", b"1.0"), ("content-type", JSON.encode()))


class EnvelopeError(ValueError):
    """The headers do not make a CloudEvents envelope."""


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """Return the Kafka headers of the envelope."""
    given = [(header, getattr(envelope, name)) for name, header in _HEADERS]
    return [*_ALWAYS, *((header, value.encode()) for header, value in given if value is not None)]


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Return the headers as text, names in lower case.

    Raises:
        EnvelopeError: a header is null or not UTF-8.
    """
    texts: dict[str, str] = {}
    for name, value in headers:
        try:
            texts[name.lower()] = value.decode() if value is not None else _null(name)
        except UnicodeDecodeError:
            message = f"header {name!r} is not UTF-8"
            raise EnvelopeError(message) from None
    return texts


def _null(name: str) -> str:
    message = f"header {name!r} has no value"
    raise EnvelopeError(message)


def from_headers(headers: Headers) -> Envelope:
    """Read the envelope of a binary-mode message.

    Raises:
        EnvelopeError: a required attribute is missing, or a header cannot be read.
    """
    texts = header_texts(headers)
    missing = [name for name in _REQUIRED if not texts.get(name)]
    if missing:
        message = f"the record has no header {', '.join(missing)}"
        raise EnvelopeError(message)
    rest = (texts.get(header) for header in _REST)
    given = (*(texts[name] for name in _REQUIRED), texts.get("ce_time") or "")
    return Envelope(*given, *rest)

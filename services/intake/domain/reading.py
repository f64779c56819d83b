"""From the bytes and headers of a record to a message: which of the three forms it has, and what it is.

CloudEvents binary (the attributes are `ce_` headers), CloudEvents structured (content type `application/cloudevents`),
or a bare JSON object, whose fields tell: `command` or `type` with a `case_id`, or with the `worker` whose work it is
about, is a command, all else is a report.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import from_json

from shared.contracts.envelope import STRUCTURED, Headers
from shared.contracts.incidents import Report
from shared.contracts.registry import command_types
from shared.decision import Poison

MAX_BYTES = 1024 * 1024
MAX_COMMAND_BYTES = 256 * 1024
"""A command leaves on a topic that takes 1 MiB with its actor added; one at the limit would never be acknowledged."""

MAX_ID = 256
"""An id travels on in a header of every event it causes."""

_BOM = b"\xef\xbb\xbf"
_CHINESE = ("gb2312", "gbk", "gb18030")
_READ = ("content-type", "traceparent")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Payload = dict[str, Any]


class Kind(StrEnum):
    """What a message is."""

    REPORT = "report"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that could be read. `id` is the sender's own (CloudEvents `id`), None in a bare object."""

    kind: Kind
    type: str
    payload: Payload
    id: str | None = None
    traceparent: str | None = None


def read_message(headers: Headers, value: bytes | None) -> Message:
    """Read a record in whichever form it has.

    Raises:
        Poison: `empty-record`, `too-large`, `bad-envelope`, `bad-json` or `unknown-type`, with a sentence.
    """
    if not value:
        raise Poison("empty-record", "The record has no value: a tombstone means nothing on an inbound topic.")
    if len(value) > MAX_BYTES:
        raise Poison("too-large", f"The record has {len(value)} bytes; up to {MAX_BYTES} are taken.")
    attributes = _attributes(headers)
    message = _by_form(attributes, value)
    if message.kind is Kind.COMMAND and len(value) > MAX_COMMAND_BYTES:
        raise Poison("too-large", f"The command has {len(value)} bytes; up to {MAX_COMMAND_BYTES} are taken.")
    return message


def _attributes(headers: Headers) -> dict[str, str]:
    """Return the headers that mean something to us; what else a partner's client adds is its own business."""
    texts: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower.startswith("ce_") or lower in _READ:
            texts[lower] = _header_text(name, value)
    return texts


def _header_text(name: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        raise Poison("bad-envelope", f"The header {name!r} is not UTF-8.") from None


def _by_form(attributes: dict[str, str], value: bytes) -> Message:
    content_type = attributes.get("content-type", "").strip().lower()
    if content_type.startswith(STRUCTURED):
        return _structured(attributes, value, content_type)
    payload = parse_object(value, content_type)
    if "ce_specversion" in attributes or "ce_type" in attributes:
        return _event({name.removeprefix("ce_"): text for name, text in attributes.items()}, payload)
    return bare_message(payload, attributes.get("traceparent"))


def _structured(attributes: dict[str, str], value: bytes, content_type: str) -> Message:
    if not content_type.startswith(f"{STRUCTURED}+json") and content_type.partition(";")[0].strip() != STRUCTURED:
        raise Poison("bad-envelope", "Of the structured CloudEvents formats only JSON is read, one event a record.")
    envelope = parse_object(value, content_type)
    data = envelope.get("data")
    if data is None and "data_base64" in envelope:
        data = parse_object(_base64(envelope["data_base64"]))
    if not isinstance(data, dict):
        raise Poison("bad-envelope", "The CloudEvent has no `data` that is a JSON object.")
    texts = {name: text for name, text in envelope.items() if isinstance(text, str)}
    return _event({"traceparent": attributes.get("traceparent", ""), **texts}, data)


def _base64(text: Any) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, TypeError, ValueError):
        raise Poison("bad-envelope", "The CloudEvent's `data_base64` is not base 64.") from None


def _event(attributes: dict[str, str], payload: Payload) -> Message:
    missing = [name for name in ("id", "source", "specversion", "type") if not attributes.get(name)]
    if missing:
        raise Poison("bad-envelope", f"The CloudEvent has no {', '.join(missing)}.")
    if attributes["specversion"] != "1.0":
        raise Poison("bad-envelope", "Of CloudEvents only version 1.0 is read.")
    if len(attributes["id"]) > MAX_ID:
        raise Poison("bad-envelope", f"The CloudEvent's id has more than {MAX_ID} characters.")
    return _message(attributes["type"], payload, attributes["id"], attributes.get("traceparent"))


def bare_message(payload: Payload, traceparent: str | None = None) -> Message:
    """Return the message that a bare object is, by its fields; short command names (`task.accept`) will do.

    Raises:
        Poison: `unknown-type`, it names a command that we do not know.
    """
    named = payload.get("command") or payload.get("type")
    full = named if str(named).startswith("gridwhistle.") else f"gridwhistle.{named}.v1"
    if named and ("case_id" in payload or ("worker" in payload and full in command_types())):
        rest = {name: value for name, value in payload.items() if name not in ("command", "type")}
        return _message(str(full), rest, None, traceparent)
    if payload.get("type") == Report.type:
        payload = {name: value for name, value in payload.items() if name != "type"}
    return _message(Report.type, payload, None, traceparent)


def traceparent_of(said: str | None) -> str | None:
    """Return what is said to be a `traceparent`, if it has the form of one."""
    return said if said and _TRACEPARENT.fullmatch(said) else None


def _message(type_: str, payload: Payload, id_: str | None, traceparent: str | None) -> Message:
    trace = traceparent_of(traceparent)
    if type_ in command_types():
        return Message(Kind.COMMAND, type_, payload, id_, trace)
    if type_ == Report.type:
        return Message(Kind.REPORT, type_, payload, id_, trace)
    raise Poison("unknown-type", f"The type {type_[:100]!r} is neither a report nor a command of this version.")


def parse_object(value: bytes, content_type: str = "") -> Payload:
    """Parse a JSON object; UTF-8 with or without byte order mark, or what `charset` of the content type names.

    Raises:
        Poison: `bad-json`, with what is wrong and where.
    """
    parsed = parse_json(value, content_type)
    if not isinstance(parsed, dict):
        raise Poison("bad-json", f"The value is JSON, but not an object: it is a {type(parsed).__name__}.")
    return parsed


def parse_json(value: bytes, content_type: str = "") -> Any:
    """Parse JSON of any kind; see `parse_object`."""
    charset = content_type.partition("charset=")[2].partition(";")[0].strip(" \"'").lower()
    try:
        if charset in _CHINESE:
            value = value.decode("gb18030").encode()
        return from_json(value.removeprefix(_BOM), allow_inf_nan=False)
    except UnicodeDecodeError as error:
        raise Poison("bad-json", f"The value is not {charset}: byte {error.start} fits no character.") from error
    except ValueError as error:
        raise Poison("bad-json", _what_is_wrong(value, error)) from error


def _what_is_wrong(value: bytes, error: ValueError) -> str:
    try:
        value.decode()
    except UnicodeDecodeError as undecodable:
        return f"The value is not UTF-8: byte {undecodable.start} fits no character."
    return f"The value is not JSON: {str(error)[:200]}."

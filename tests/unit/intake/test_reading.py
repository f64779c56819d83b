"""Reading: three forms of one message, and a sentence for everything that is none."""

from __future__ import annotations

import gzip
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.reading import MAX_COMMAND_BYTES, Kind, parse_json, read_message
from shared.contracts.commands import AcceptTask
from shared.contracts.incidents import Report
from shared.contracts.registry import command_types
from shared.decision import Poison
from tests.unit.intake.world import STRUCTURED_HEADERS, binary, command, report, structured, to_json

DATA = report()
BARE: list[tuple[str, bytes | None]] = []
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (binary(), to_json(DATA)),
        ([(name.upper(), value) for name, value in binary()], to_json(DATA)),
        (STRUCTURED_HEADERS, structured(DATA)),
        ([("content-type", b"application/cloudevents")], structured(DATA)),
        (STRUCTURED_HEADERS, structured(None, data_base64=b64encode(to_json(DATA)).decode())),
        (BARE, to_json(DATA)),
        (BARE, b"\xef\xbb\xbf" + to_json(DATA)),
        (BARE, to_json({**DATA, "type": Report.type})),
        ([("content-type", b"application/json")], to_json(DATA)),
        ([("content-type", b"application/json; charset=GBK")], to_json(DATA).decode().encode("gbk")),
        ([("x-unrelated", None), ("x-raw", b"\xff\xfe")], to_json(DATA)),
    ],
)
def test_every_form_gives_the_same_report(headers: Any, value: bytes) -> None:
    """Binary, structured with any case and parameters, bare; what is not ours in the headers does not matter."""
    message = read_message(headers, value)
    assert (message.kind, message.payload) == (Kind.REPORT, DATA)


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (binary(AcceptTask.type), to_json(command(type=None))),
        (STRUCTURED_HEADERS, structured(command(type=None), AcceptTask.type)),
        (BARE, to_json(command("task.accept"))),
        (BARE, to_json(command(AcceptTask.type))),
        (BARE, to_json(command(command="task.accept", type=None))),
    ],
)
def test_every_form_gives_the_same_command(headers: Any, value: bytes) -> None:
    """A bare object is a command when it has a case id and names a command."""
    message = read_message(headers, value)
    assert (message.kind, message.type, message.payload) == (Kind.COMMAND, AcceptTask.type, command(type=None))


@pytest.mark.parametrize("type_", sorted(command_types()))
def test_every_command_is_known_by_its_short_name(type_: str) -> None:
    """`task.accept` for `gridwhistle.task.accept.v1`."""
    short = type_.removeprefix("gridwhistle.").removesuffix(".v1")
    assert read_message(BARE, to_json(command(short))).type == type_


def test_id_and_trace_travel_on() -> None:
    """The sender's id names the message; a trace that is none would only make headers longer."""
    message = read_message([*binary(), ("traceparent", TRACE.encode())], to_json(DATA))
    assert (message.id, message.traceparent) == ("e-1", TRACE)
    assert read_message([*binary(), ("traceparent", b"x" * 5_000)], to_json(DATA)).traceparent is None
    assert read_message(STRUCTURED_HEADERS, structured(DATA, traceparent=TRACE)).traceparent == TRACE


DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
BATCHED = [("content-type", b"application/cloudevents-batch+json")]


@pytest.mark.parametrize(
    ("headers", "value", "error"),
    [
        (BARE, None, "empty-record"),
        (BARE, b"", "empty-record"),
        (BARE, b"not json", "bad-json"),
        (BARE, to_json(DATA)[:40], "bad-json"),
        (BARE, to_json(DATA).decode().encode("gbk"), "bad-json"),
        (BARE, to_json(DATA).decode().encode("utf-16"), "bad-json"),
        (BARE, gzip.compress(to_json(DATA), mtime=0), "bad-json"),
        (BARE, b"[]", "bad-json"),
        (BARE, b"null", "bad-json"),
        (BARE, b'"text"', "bad-json"),
        (BARE, b'{"people": NaN}', "bad-json"),
        (BARE, b'{"text": "\\ud800"}', "bad-json"),
        (BARE, b'{"text": "\x01"}', "bad-json"),
        (BARE, DEEP, "bad-json"),
        (BARE, b" " * (1024 * 1024 + 1), "too-large"),
        (BARE, to_json(command(note="x" * MAX_COMMAND_BYTES)), "too-large"),
        (BARE, to_json(command("task.praise")), "unknown-type"),
        (BARE, to_json(command({"a": 1})), "unknown-type"),  # type: ignore[arg-type]
        (binary("com.example.alarm"), to_json(DATA), "unknown-type"),
        (binary("gridwhistle.case.opened.v1"), to_json(DATA), "unknown-type"),
        (binary(id_=""), to_json(DATA), "bad-envelope"),
        (binary(id_="x" * 257), to_json(DATA), "bad-envelope"),
        ([("ce_type", b"\xff\xfe"), *binary()[:2]], to_json(DATA), "bad-envelope"),
        ([("ce_type", None), ("ce_specversion", b"1.0")], to_json(DATA), "bad-envelope"),
        ([*binary()[1:], ("ce_specversion", b"0.3")], to_json(DATA), "bad-envelope"),
        (STRUCTURED_HEADERS, structured([1]), "bad-envelope"),
        (STRUCTURED_HEADERS, structured(None), "bad-envelope"),
        (STRUCTURED_HEADERS, structured(None, data_base64="???"), "bad-envelope"),
        (STRUCTURED_HEADERS, structured(None, data_base64=7), "bad-envelope"),
        (STRUCTURED_HEADERS, structured(DATA, id=None), "bad-envelope"),
        (STRUCTURED_HEADERS, structured(DATA, id=7), "bad-envelope"),
        (STRUCTURED_HEADERS, b"no json", "bad-json"),
        (BATCHED, to_json([DATA]), "bad-envelope"),
        ([("content-type", b"application/cloudevents+avro")], b"Obj", "bad-envelope"),
        ([("content-type", b"application/json; charset=gbk")], b"\xff\xff", "bad-json"),
    ],
)
def test_what_cannot_be_read_is_named(headers: Any, value: bytes | None, error: str) -> None:
    """A closed word and a sentence, never a crash."""
    with pytest.raises(Poison) as caught:
        read_message(headers, value)
    assert caught.value.error == error
    assert caught.value.message.endswith(".")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
HEADER_NAMES = st.sampled_from(["ce_type", "ce_id", "ce_source", "ce_specversion", "content-type", "x", "CE_Type"])
HEADERS = st.lists(st.tuples(HEADER_NAMES, st.none() | st.binary(max_size=40) | st.just(b"1.0")), max_size=6)


@settings(max_examples=50)
@given(HEADERS, st.none() | st.binary(max_size=200) | JSON_VALUES.map(to_json))
def test_anything_is_a_message_or_poison(headers: Any, value: bytes | None) -> None:
    """No other error, whatever a partner sends."""
    with suppress(Poison):
        assert isinstance(read_message(headers, value).payload, dict)


def test_numbers_of_any_size_are_read() -> None:
    """What they are good for is decided field by field."""
    assert parse_json(b'{"n": 1e400, "m": ' + b"9" * 400 + b"}")["m"] == int("9" * 400)

"""One realistic record of every message type, as it stands on the bus: read, checked and written again unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from deploy.contracts.schemas import REPORT, inbound_types, message_types, schema_of
from shared.contracts.commands import Command
from shared.contracts.envelope import Headers, from_headers, to_headers
from shared.contracts.ids import case_id
from shared.contracts.registry import decode, event_types
from shared.contracts.schemas import FILLED_IN
from shared.contracts.topics import parse_topic

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
TYPES = message_types()


def record(type_: str) -> dict[str, Any]:
    """Return a golden record: topic, key, headers, value."""
    found: dict[str, Any] = json.loads((GOLDEN / f"{type_}.json").read_text(encoding="utf-8"))
    return found


def headers(type_: str) -> Headers:
    """Return its headers as they are on the wire."""
    return [(name, value.encode()) for name, value in record(type_)["headers"].items()]


def test_every_type_has_an_example_and_every_example_a_type() -> None:
    """A type cannot be added without showing what it looks like."""
    assert [path.stem for path in FILES] == sorted(TYPES)


@pytest.mark.parametrize("type_", TYPES)
def test_an_example_read_and_written_again_is_the_same(type_: str) -> None:
    """Nothing is lost, renamed or added between the wire and the class."""
    value = record(type_)["value"]
    read = TYPES[type_].model_validate_json(json.dumps(value))
    assert json.loads(read.model_dump_json(exclude_none=True, by_alias=True)) == value


@pytest.mark.parametrize("type_", TYPES)
def test_an_example_satisfies_its_schema(type_: str) -> None:
    """What partners validate with accepts what we send."""
    schema = schema_of(type_)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(record(type_)["value"])] == []


@pytest.mark.parametrize("type_", [name for name in inbound_types() if name != REPORT])
def test_a_command_as_sent_needs_nothing_that_intake_fills_in(type_: str) -> None:
    """The schema for partners accepts the command without actor, district and recorded time."""
    sent = {name: value for name, value in record(type_)["value"].items() if name not in FILLED_IN}
    assert [error.message for error in Draft202012Validator(schema_of(type_, inbound=True)).iter_errors(sent)] == []


@pytest.mark.parametrize("type_", TYPES)
def test_the_envelope_of_an_example_read_and_written_again_is_the_same(type_: str) -> None:
    """The attributes are CloudEvents' and say what the value is."""
    envelope = from_headers(headers(type_))
    assert sorted(to_headers(envelope)) == sorted(headers(type_))
    assert envelope.type == type_


@pytest.mark.parametrize("type_", sorted(event_types()))
def test_an_event_travels_on_its_topic_under_its_case(type_: str) -> None:
    """Topic, key, subject and correlation id are those of the case."""
    example = record(type_)
    event = decode(type_, json.dumps(example["value"]).encode())
    topic = parse_topic(example["topic"])
    envelope = from_headers(headers(type_))
    assert (topic.district, topic.suffix) == (event.district, type(event).topic)
    assert {example["key"], envelope.subject, envelope.correlationid} == {event.case_id}
    assert event.case_id.startswith(event.district)


def test_the_accepted_report_has_the_case_id_of_the_one_submitted() -> None:
    """The case id follows from district, day, partner and report id, so partners can compute it."""
    submitted = record(REPORT)
    accepted = record("gridwhistle.report.accepted.v1")["value"]
    event = decode("gridwhistle.report.accepted.v1", json.dumps(accepted).encode())
    partner = parse_topic(submitted["topic"]).partner or ""
    assert accepted["case_id"] == case_id("620802", event.occurred_at.date(), partner, submitted["value"]["report_id"])


def test_every_command_says_who_may_give_it() -> None:
    """A command that nobody may give, or that forgot to say, would be refused for ever."""
    assert [name for name, cls in event_types().items() if issubclass(cls, Command) and not cls.allowed] == []

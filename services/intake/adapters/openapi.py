"""The HTTP interface as OpenAPI 3.1, made from the same classes that read what comes; served at /openapi.json."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic_core import to_json

from services.intake.domain.normalise import LARGEST_INTEGER
from shared.contracts.agreeing import DefaulterCommand
from shared.contracts.agreements import Confirmation, Duty
from shared.contracts.commands import Command
from shared.contracts.incidents import Report
from shared.contracts.registry import command_types
from shared.contracts.schemas import Schema, as_sent, definitions
from shared.infra.http import JSON, TEXT, AsgiApp, Receive, Scope, Send, read_only, reply

MAX_ITEMS = 1000
PATH = "/openapi.json"

_DESCRIPTION = """\
What is sent here is put on the partner's own inbound topic and answered once the broker has it; what becomes of it is
told on the bus. A partner whose profile names another report format sends that format here as well. Errors are one
line for each thing that is wrong, as text, or as JSON to a client whose `Accept` names it."""

_SECONDS = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 0}}
_KEY = {"description": "How to say who you are.", "required": True, "schema": {"const": "Bearer"}}
_ALLOW = {"description": "What is answered.", "required": True, "schema": {"type": "string"}}
_INSTANT = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 10**13},
        {"type": "null"},
    ],
    "description": "RFC 3339; also 2026-07-01 08:30:00 and the like, or seconds or milliseconds since 1970",
}
_SEEN = (
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff]"
)
"""Something that is left when what cannot be seen is taken out of a text."""

_MONEY: list[Schema] = [
    {"type": "string", "pattern": r"^(0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,11}(\.[0-9]{1,2})?)$"},
    {"type": "integer", "minimum": 1, "maximum": 10**12 - 1},
]
_YUAN = "yuan with two places at most; a number with places is read too where nobody added it up in floats"
_ERRORS: dict[str, tuple[str, dict[str, Schema]]] = {
    "400": ("Nothing was taken: something is wrong with what was sent.", {}),
    "401": ("No such API key.", {"www-authenticate": _KEY}),
    "403": ("Not this partner, this command or this district.", {}),
    "408": ("The body did not come in time.", {}),
    "413": ("A record, or all of it, is too large.", {}),
    "429": ("Too much at once for one key.", {"retry-after": _SECONDS}),
    "500": ("A defect of ours.", {}),
    "503": ("The broker has not acknowledged it; sending it again is safe.", {"retry-after": _SECONDS}),
}


@cache
def document() -> Schema:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "GridWhistle intake", "version": version("gridwhistle"), "description": _DESCRIPTION},
        "paths": {
            "/v1/reports": {"post": _operation("sendReports", "Send reports", "Report")},
            "/v1/commands": {"post": _operation("sendCommands", "Give commands", "Command", _idempotency())},
            "/healthz": {"get": _look("isAlive", "Whether the process lives", TEXT)},
            "/readyz": {"get": _look("isReady", "Whether broker, database and partitions are there", TEXT, "503")},
            "/metrics": {"get": _look("metrics", "Figures for Prometheus", "text/plain")},
            PATH: {"get": _look("description", "This document", JSON)},
        },
        "components": {"schemas": _schemas(), "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(id_: str, summary: str, name: str, *parameters: Schema) -> Schema:
    one = {"$ref": f"#/components/schemas/{name}"}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_ITEMS}
    return {
        "operationId": id_,
        "summary": summary,
        "security": [{"key": []}],
        "parameters": list(parameters),
        "requestBody": {"required": True, "content": {JSON: {"schema": {"anyOf": [one, many]}}}},
        "responses": {"202": _taken(), **{status: _error(*said) for status, said in _ERRORS.items()}},
    }


def _taken() -> Schema:
    ids = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    schema = {"type": "object", "properties": {"ids": ids}, "required": ["ids"], "additionalProperties": False}
    return {
        "description": "The broker has all of it; the ids in the same order.",
        "content": {JSON: {"schema": schema}},
    }


def _error(description: str, headers: dict[str, Schema]) -> Schema:
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}, "text/plain": {"schema": {"type": "string"}}}
    return {"description": description, "content": content, **({"headers": headers} if headers else {})}


def _idempotency() -> Schema:
    what = "Names commands that say no time of their own, so that sending them again is the same command."
    return {"name": "Idempotency-Key", "in": "header", "description": what, "schema": {"type": "string"}}


def _look(id_: str, summary: str, kind: str, *others: str) -> Schema:
    content = {kind.partition(";")[0]: {"schema": {} if kind == JSON else {"type": "string"}}}
    answers = {status: {"description": summary, "content": content} for status in ("200", *others)}
    return {"operationId": id_, "summary": summary, "responses": answers}


def _schemas() -> dict[str, Schema]:
    """Return what may be sent: reports, and each command as a partner writes it, named by `type`."""
    classes: Any = {Report.type: Report, **command_types()}
    found = definitions(classes, "#/components/schemas/{model}")
    commands = {cls.__name__: cls for cls in command_types().values()}
    sent = {name: _command(found[name], commands[name]) for name in sorted(commands)}
    report = found["Report"]
    report["properties"] |= {"occurred_at": _INSTANT, "due_at": _INSTANT, "district": _district()}
    report["anyOf"] = [_said("text", _SEEN), _said("category", ".")]
    report["properties"]["people"] |= {"maximum": LARGEST_INTEGER}
    found["Media"]["properties"]["bytes"] |= {"maximum": LARGEST_INTEGER}
    promise = found["Promise"]["properties"]
    promise |= {"amount": _money(promise["amount"]), "what": _without(found["Duty"], Duty.VISIT)}
    sent["ConfirmAgreement"]["properties"]["step"] = _without(found["Confirmation"], Confirmation.WANTED)
    either = [{"$ref": f"#/components/schemas/{name}"} for name in sent]
    used = {name: schema for name, schema in found.items() if name not in ("Actor", "PartnerKind")}
    return {**used, **sent, "Command": {"oneOf": either}, "Problem": _problem()}


def _said(field: str, pattern: str) -> Schema:
    return {"required": [field], "properties": {field: {"type": "string", "pattern": pattern}}}


def _command(schema: Schema, cls: type[Command]) -> Schema:
    bare = as_sent(schema)
    short = cls.type.removeprefix("gridwhistle.").removesuffix(".v1")
    properties = {**bare["properties"], "type": {"enum": [short, cls.type]}, "occurred_at": _INSTANT}
    for name in {"eta", "until"} & properties.keys():
        properties[name] = _INSTANT
    for name in {"amount", "principal"} & properties.keys():
        properties[name] = _money(properties[name])
    for name in {"course", "reason", "subject"} & properties.keys():
        if properties[name].get("minLength"):
            properties[name] = {**properties[name], "pattern": _SEEN}
    if issubclass(cls, DefaulterCommand):
        properties["note"] = {"type": "null", "description": "none: the defaulter list takes no free text"}
    required = sorted({*bare["required"], "type"} - {"occurred_at"})
    return {**bare, "properties": properties, "required": required}


def _money(given: Schema) -> Schema:
    """Return what is read as money: the class checks its digits where no schema made from it says so."""
    nothing = [one for one in given.get("anyOf", ()) if one == {"type": "null"}]
    said = "; ".join(filter(None, (given.get("description"), _YUAN)))
    return {**given, "anyOf": _MONEY + nothing, "description": said}


def _without(schema: Schema, refused: str) -> Schema:
    return {**schema, "enum": [one for one in schema["enum"] if one != refused]}


def _district() -> Schema:
    return {
        "type": "string",
        "pattern": "^[0-9]{6}$",
        "description": "whose topic it goes to",
    }


def _problem() -> Schema:
    lines = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    properties = {"status": {"type": "integer"}, "errors": lines}
    return {"type": "object", "properties": properties, "required": ["status", "errors"], "additionalProperties": False}


def route() -> tuple[str, AsgiApp]:
    """Return the route that serves it."""
    body = to_json(document())

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await reply(send, 200, body, JSON, {})

    return PATH, read_only(serve)

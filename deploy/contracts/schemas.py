"""JSON Schema 2020-12 of every message, as it stands on the bus and as a partner sends it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.commands import Command
from shared.contracts.dead_letters import RecordRejected, RecordReplayed
from shared.contracts.incidents import Report
from shared.contracts.registry import command_types, event_types
from shared.contracts.schemas import Schema, WithoutTitles, as_sent

DIALECT = GenerateJsonSchema.schema_dialect
REPORT = Report.type


def message_types() -> dict[str, type[BaseModel]]:
    """Return the class of every message that can stand on the bus, by its type, in order."""
    beside = (RecordRejected, RecordReplayed, Report)
    return dict(sorted({**event_types(), **{cls.type: cls for cls in beside}}.items()))


def inbound_types() -> dict[str, type[BaseModel]]:
    """Return the class of every message that a partner may send."""
    return {REPORT: Report, **command_types()}


def schema_of(name: str, *, inbound: bool = False) -> Schema:
    """Return the complete schema of one message type.

    Raises:
        KeyError: the type is not known, or not one that partners send where `inbound` is asked for.
    """
    cls = (inbound_types() if inbound else message_types())[name]
    schema: Schema = cls.model_json_schema(schema_generator=WithoutTitles)
    sent = as_sent(schema) if inbound and issubclass(cls, Command) else schema
    return {"$schema": DIALECT, "$id": f"urn:{name}{':sent' if inbound else ''}", **_used(sent)}


def _used(schema: Schema) -> Schema:
    """Leave out definitions that nothing refers to any more."""
    defs: dict[str, Schema] = schema.get("$defs", {})
    body = {name: value for name, value in schema.items() if name != "$defs"}
    used: set[str] = set()
    waiting = list(_references(body))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += _references(defs[name])
    return {**body, "$defs": {name: defs[name] for name in sorted(used)}} if used else body


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"].rsplit("/", 1)[-1]] if isinstance(node.get("$ref"), str) else []
        return here + [name for value in node.values() for name in _references(value)]
    return [name for value in node for name in _references(value)] if isinstance(node, list) else []

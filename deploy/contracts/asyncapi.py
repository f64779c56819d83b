"""The bus as one AsyncAPI 3.0 document, for all parties or for one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from deploy.contracts.flows import FLOWS, INBOUND, SUMMARIES, TITLES, topics_of, types_on, types_sent_on
from deploy.contracts.schemas import REPORT, inbound_types, message_types
from deploy.kafka.streams import settings_of
from shared.contracts.commands import Command
from shared.contracts.envelope import JSON, STRUCTURED
from shared.contracts.schemas import Schema, as_sent, definitions
from shared.contracts.topics import DEFAULT_PARTITIONS, Topic, inbound_name, topic_name

BINDING = "0.5.0"
PREFIX = "gridwhistle."
STRUCTURED_MESSAGE = "cloudevent.structured"

_DESCRIPTION = """\
Every record is one CloudEvent 1.0 about one case, keyed by the case id, so that the order per case is kept. Internal
topics carry binary mode: attributes in `ce_` headers, JSON as the value. A partner may send binary mode, structured
mode or a bare JSON object. Contracts only ever grow: fields and types are added, never taken away; pass over what you
do not know. Drop records whose (`ce_source`, `ce_id`) you have seen. Times are RFC 3339 with an offset."""


def document(service: str | None = None) -> dict[str, Any]:
    """Return the document of the whole bus, or of what one party (a service, `partner`, `operator`) sees of it."""
    parties = [service] if service else list(FLOWS)
    topics = topics_of(parties)
    return {
        "asyncapi": "3.0.0",
        "info": _info(service),
        "defaultContentType": JSON,
        "servers": {"bus": _server()},
        "channels": {_channel_key(topic): _channel(topic) for topic in topics},
        "operations": {key: value for party in parties for key, value in _operations(party)},
        "components": {
            "parameters": _PARAMETERS,
            "messages": {key: value for topic in topics for key, value in _messages(topic)},
            "schemas": _schemas({name for topic in topics for name in types_on(topic)}),
        },
    }


def _info(service: str | None) -> dict[str, Any]:
    title = "GridWhistle 网格哨" if service is None else f"GridWhistle 网格哨: {service}"
    return {"title": title, "version": version("gridwhistle"), "description": _DESCRIPTION}


def _server() -> dict[str, Any]:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The district's broker; partners are told their address, certificate and topics.",
        "security": [
            {
                "type": "scramSha512",
                "description": "Over TLS, as `<district>-<partner>`; a broker for trials asks nobody.",
            }
        ],
        "variables": {"bootstrap": {"description": "host:port", "default": "127.0.0.1:9092"}},
    }


_PARAMETERS = {
    "district": {"description": "Six digits of GB/T 2260, e.g. 620802 (崆峒区); 000000 when the sender does not know."},
    "partner": {"description": "The partner's id, `[a-z0-9-]{1,40}`; a department's is its code."},
}


def _channel_key(topic: str) -> str:
    return topic.replace("-", "_")


def _channel(topic: str) -> dict[str, Any]:
    inbound = topic == INBOUND
    address = inbound_name("{district}", "{partner}") if inbound else topic_name("{district}", topic)
    parameters = ("district", "partner") if inbound else ("district",)
    return {
        "address": address,
        "title": TITLES[topic],
        "summary": SUMMARIES[topic],
        "servers": [{"$ref": "#/servers/bus"}],
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key, _ in _messages(topic)},
        "bindings": {"kafka": _channel_binding(topic)},
    }


def _channel_binding(topic: str) -> dict[str, Any]:
    known = {
        name: int(value) for name, value in settings_of(topic).items() if name in {"retention.ms", "max.message.bytes"}
    }
    return {"partitions": DEFAULT_PARTITIONS, "bindingVersion": BINDING, "topicConfiguration": known}


def _operations(party: str) -> Iterable[tuple[str, dict[str, Any]]]:
    flow = FLOWS[party]
    for topic in flow.receives:
        yield f"{party}.receive.{_channel_key(topic)}", _operation(party, "receive", topic, types_on(topic))
    for topic in flow.sends:
        yield f"{party}.send.{_channel_key(topic)}", _operation(party, "send", topic, types_sent_on(party, topic))


def _operation(party: str, action: str, topic: str, types: Sequence[str]) -> dict[str, Any]:
    channel = _channel_key(topic)
    keys = [_message_key(name, topic) for name in types] + ([STRUCTURED_MESSAGE] if topic == INBOUND else [])
    operation: dict[str, Any] = {
        "action": action,
        "title": f"{party} {action}s {TITLES[topic]}",
        "channel": {"$ref": f"#/channels/{channel}"},
        "tags": [{"name": party}],
        "messages": [{"$ref": f"#/channels/{channel}/messages/{key}"} for key in keys],
    }
    if action == "receive" and FLOWS[party].is_service:
        group = {"type": "string", "enum": [party]}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
    return operation


def _message_key(name: str, topic: str) -> str:
    short = name.removeprefix(PREFIX)
    return f"sent.{short}" if topic == INBOUND else short


def _messages(topic: str) -> Iterable[tuple[str, dict[str, Any]]]:
    classes: dict[str, type[BaseModel]] = message_types()
    for name in types_on(topic):
        yield _message_key(name, topic), _message(name, classes[name], topic)
    if topic == INBOUND:
        yield STRUCTURED_MESSAGE, _structured()


def _message(name: str, cls: type[BaseModel], topic: str) -> dict[str, Any]:
    text = inspect.getdoc(cls) or ""
    payload = _schema_key(cls, inbound=topic == INBOUND)
    return {
        "name": name,
        "title": cls.__name__,
        "summary": text.split("\n", 1)[0],
        "contentType": JSON,
        "headers": _headers(name, required=topic != INBOUND),
        "payload": {"$ref": f"#/components/schemas/{payload}"},
        "bindings": {"kafka": {"key": _key(name, topic), "bindingVersion": BINDING}},
    }


def _schema_key(cls: type[BaseModel], *, inbound: bool) -> str:
    return f"{cls.__name__}Sent" if inbound and issubclass(cls, Command) else cls.__name__


def _key(name: str, topic: str) -> Schema:
    if topic == Topic.DEAD_LETTERS:
        return {"type": "string", "description": "the key of the rejected record"}
    return {"type": "string", "description": "report_id" if name == REPORT else "case_id"}


def _headers(name: str, *, required: bool) -> Schema:
    """Return the schema of the `ce_` headers; a partner that sends bare JSON leaves them out."""
    always = ("ce_specversion", "ce_id", "ce_source", "ce_type")
    properties: dict[str, Any] = {
        "content-type": {"type": "string", "const": JSON},
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "the same record sent twice has the same id"},
        "ce_source": {"type": "string", "description": "overwritten by the topic's partner on inbound topics"},
        "ce_type": {"type": "string", "const": name},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "the case id"},
        "ce_correlationid": {"type": "string", "description": "the case id"},
        "ce_causationid": {"type": "string", "description": "the id of the record that caused this one"},
        "ce_traceparent": {"type": "string", "description": "W3C trace context, when there is one"},
    }
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": list(always)} if required else schema


def _structured() -> dict[str, Any]:
    """Return the message of a partner that puts attributes and data into one JSON object."""
    text = {"type": "string"}
    properties = {
        "specversion": {"type": "string", "const": "1.0"},
        "id": text,
        "source": text,
        "type": {"type": "string", "enum": sorted(inbound_types())},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": text,
        "data": {"type": "object", "description": "as the payload of the binary-mode message of the same type"},
    }
    required = ["specversion", "id", "source", "type", "data"]
    return {
        "name": STRUCTURED_MESSAGE,
        "title": "CloudEvent in structured mode",
        "summary": "Any inbound message with its attributes in the value instead of the headers.",
        "contentType": f"{STRUCTURED}+json",
        "payload": {"type": "object", "properties": properties, "required": required},
    }


def _schemas(names: set[str]) -> dict[str, Schema]:
    classes = {name: cls for name, cls in message_types().items() if name in names}
    found = definitions(classes, "#/components/schemas/{model}")
    for cls in inbound_types().values():
        if issubclass(cls, Command) and cls.__name__ in found:
            found[_schema_key(cls, inbound=True)] = as_sent(found[cls.__name__])
    return {name: _draft_07(schema) for name, schema in sorted(found.items())}


def _draft_07(node: Any) -> Any:
    """Rewrite a tuple the way AsyncAPI's own schema object, a draft 07, says it."""
    if isinstance(node, list):
        return [_draft_07(value) for value in node]
    if not isinstance(node, dict):
        return node
    return {"items" if name == "prefixItems" else name: _draft_07(value) for name, value in node.items()}

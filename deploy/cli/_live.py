"""Records as lines, for people who follow along."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiokafka import ConsumerRecord
from rich.text import Text

from deploy.contracts.asyncapi import PREFIX
from shared.contracts.topics import Topic, parse_topic

ZONE = ZoneInfo("Asia/Shanghai")
"""All of China keeps one time."""

WORTH_A_LINE = (
    "department", "owner", "role", "kind", "category_name", "category", "severity", "lead", "assists", "fraction",
    "level", "ok", "verdict", "outcome", "late_by", "due_at", "limit", "count", "members", "quorum", "muster_by",
    "coming", "eta", "on_time", "present", "absent", "by", "recipient", "channel", "step", "template", "partner",
    "error", "message", "letter_id", "reason", "note", "text",
)  # fmt: skip
"""Fields that tell a reader what happened, in the order of reading; the rest is in --json."""

COLOURS = {
    Topic.INCIDENTS: "cyan",
    Topic.COMMANDS: "blue",
    Topic.CASES: "green",
    Topic.ESCALATIONS: "yellow",
    Topic.NOTIFICATIONS: "magenta",
    Topic.DEAD_LETTERS: "red",
}
LONG = 60


def as_json(record: ConsumerRecord) -> dict[str, Any]:
    """Return a record as a JSON value; what is not text or not JSON is shown as good as it can be."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _text(record.key),
        "headers": {name: _text(value) for name, value in record.headers},
        "value": value_of(record),
    }


def value_of(record: ConsumerRecord) -> Any:
    """Return a record's value: parsed when it is JSON, else as text."""
    try:
        return json.loads(record.value or b"null")
    except ValueError:
        return _text(record.value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def case_of(record: ConsumerRecord) -> str:
    """Return the case that a record is about: its key, on every internal topic."""
    return _text(record.key) or ""


def as_line(record: ConsumerRecord) -> Text:
    """Return one coloured line: when it happened, topic, type, case and what tells it from others."""
    name = parse_topic(record.topic)
    value = value_of(record)
    data: Mapping[str, Any] = value if isinstance(value, dict) else {}
    type_ = next((_text(content) or "" for key, content in record.headers if key == "ce_type"), "")
    where = name.suffix or f"in.{name.partner}"
    line = Text(f"{_when(data, record)} ", style="dim")
    line.append(f"{where:<13} ", style=COLOURS.get(Topic(name.suffix), "white") if name.suffix else "white")
    line.append(f"{type_.removeprefix(PREFIX).removesuffix('.v1') or '-':<24} ", style="bold")
    line.append(f"{case_of(record):<24} ")
    line.append(_summary(data) if data else str(value)[:LONG], style="default")
    return line


def _when(data: Mapping[str, Any], record: ConsumerRecord) -> str:
    said = data.get("occurred_at") or data.get("recorded_at")
    try:
        instant = datetime.fromisoformat(str(said)).astimezone(ZONE)
    except ValueError:
        instant = datetime.fromtimestamp(record.timestamp / 1000, ZONE)
    return f"{instant:%m-%d %H:%M:%S}"


def _summary(data: Mapping[str, Any]) -> str:
    told = [(name, data[name]) for name in WORTH_A_LINE if data.get(name) not in (None, "", [], {})]
    return " ".join(_word(name, value) for name, value in told)


def _word(name: str, value: Any) -> str:
    if name == "limit":
        return f"limit={value.get('amount')} {value.get('unit')}"
    if name == "members":
        value = [member.get("department") for member in value]
    if isinstance(value, list):
        value = ",".join(map(str, value))
    if name.endswith(("_at", "_by", "eta")) and isinstance(value, str) and value.endswith("Z"):
        value = f"{datetime.fromisoformat(value).astimezone(ZONE):%m-%d %H:%M}"
    shown = str(value)
    shown = shown if len(shown) <= LONG else f"{shown[:LONG]}…"
    return shown if name in {"department", "owner", "text", "category_name", "message"} else f"{name}={shown}"

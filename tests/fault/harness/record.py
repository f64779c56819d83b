"""What is left after a run: every record of the bus, read once more from the beginning."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from aiokafka import ConsumerRecord

from deploy.cli._broker import consumer
from deploy.cli._reading import partitions_of, up_to_now
from shared.contracts.dead_letters import RecordRejected
from shared.contracts.topics import Topic, topic_name

Origin = tuple[str, int, int]

STALE = "stale"

SAID = (
    "task_id", "clock_id", "kind", "owner", "fraction", "level", "verdict", "original_verdict", "department", "role",
    "team_id", "round", "step", "recipient", "channel", "outcome", "episode", "count", "coming", "lead", "ok",
)  # fmt: skip
"""The fields by which two events of one case are two events; instants are not among them."""

VARYING = frozenset({"notice.unknown"})
"""How often a receiver did not answer is up to the receiver."""

_RECEIVED = re.compile(rb'"recorded_at":"[^"]*"')
"""A partner that sends a command twice has it received twice: two records, one id, and the first is what counts."""


@dataclass(slots=True)
class Bus:
    """What was said. `events` are by case, `letters` by what they are about: (origin, service) and the error."""

    copies: int = 0
    ids: dict[bytes, bytes] = field(default_factory=dict)
    two_contents: list[str] = field(default_factory=list)
    stale: int = 0
    events: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    delivered: Counter[str] = field(default_factory=Counter)
    attempts: dict[str, int] = field(default_factory=dict)
    letters: dict[Origin, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    letters_of: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, record: ConsumerRecord) -> None:
        """Take in one record; one that was published again changes nothing but a count."""
        told = dict(record.headers)
        kind = (told.get("ce_type") or b"").decode(errors="replace")
        mark = b"%s %s" % (told.get("ce_source") or b"", told.get("ce_id") or b"")
        content = _digest(record)
        if (before := self.ids.setdefault(mark, content)) is not content:
            self._again(mark, kind, record, same=before == content)
            return
        value = json.loads(record.value)
        if kind == RecordRejected.type:
            self._letter(record, value)
        else:
            self._event(kind.removeprefix("gridwhistle.").removesuffix(".v1"), value)

    def _again(self, mark: bytes, kind: str, record: ConsumerRecord, *, same: bool) -> None:
        self.copies += 1
        if not same:
            place = f"{record.topic}/{record.partition}/{record.offset}"
            self.two_contents.append(f"{kind} {mark.decode(errors='replace')} says something else at {place}")

    def _letter(self, record: ConsumerRecord, value: dict[str, Any]) -> None:
        origin = (value["topic"], value["partition"], value["offset"])
        self.letters[origin][value["service"]] = value["error"]
        key = (record.key or b"").decode(errors="replace")
        self.letters_of[key][f"{value['service']} {value['error']}"] += 1

    def _event(self, kind: str, value: dict[str, Any]) -> None:
        case = value["case_id"]
        if kind == "notice.delivered":
            self.delivered[value["notice_id"]] += 1
            self.attempts[value["notice_id"]] = value["attempts"]
        if kind == "notice.delivered" or (kind == "notice.suppressed" and value["reason"] == STALE):
            # A notice that had to wait until its case was over is suppressed; either way it ended, once.
            self.stale += kind == "notice.suppressed"
            kind = "notice.ended"
        if kind not in VARYING:
            said = " ".join(f"{name}={value[name]}" for name in SAID if name in value)
            self.events[case][plain(f"{kind} {said}", case)] += 1


def _digest(record: ConsumerRecord) -> bytes:
    value = record.value or b""
    if record.topic.endswith(f".{Topic.COMMANDS}"):
        value = _RECEIVED.sub(b"", value)
    return blake2b(repr((value, record.headers, record.key)).encode(), digest_size=12).digest()


def plain(text: str, case: str) -> str:
    """Return a text in which the case is no certain one, and neither is its reporter."""
    text = text.replace(case, "<case>")
    head, found, tail = text.partition("recipient=reporter/")
    return f"{head}{found}<ref> {tail.partition(' ')[2]}" if found else text


async def read_bus(bootstrap: str, districts: Iterable[str], partitions: int, poison: set[Origin]) -> Bus:
    """Read the internal topics of the districts, what the harness itself put there left out."""
    codes = list(districts)
    wanted = [topic_name(code, suffix) for code in codes for suffix in Topic]
    topics = dict.fromkeys([*wanted, topic_name("000000", Topic.DEAD_LETTERS)], partitions)
    bus = Bus()
    async with consumer(bootstrap) as client:
        async for record in up_to_now(client, partitions_of(topics)):
            if (record.topic, record.partition, record.offset) not in poison:
                bus.take(record)
    return bus

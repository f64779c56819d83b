"""What no parser likes, for every topic that a service reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from shared.contracts.cases import CaseOpened
from shared.contracts.commands import AcceptTask
from shared.contracts.escalations import ClockBreached
from shared.contracts.incidents import Report, ReportAccepted
from shared.contracts.topics import Topic, inbound_name, topic_name
from tests.fault.harness.plays import PARTNERS
from tests.fault.harness.post import RefusedError
from tests.fault.harness.world import World

Headers = list[tuple[str, bytes | None]]

KINDS = {
    Topic.INCIDENTS: ReportAccepted.type,
    Topic.COMMANDS: AcceptTask.type,
    Topic.CASES: CaseOpened.type,
    Topic.ESCALATIONS: ClockBreached.type,
}
"""The type that poison on an internal topic claims to be: one that somebody reads there."""

DEEP = 3_000
TOO_LARGE = 2 * 1024 * 1024
ODD_TEXT = "\u202e\u200b\u2066楼道\ufeff"


def _headers(kind: str, id_: str) -> Headers:
    told = {"ce_specversion": "1.0", "ce_id": id_, "ce_source": "/poison", "ce_type": kind, "ce_time": "yesterday"}
    return [(name, value.encode()) for name, value in told.items()]


def _nested(_: str) -> bytes:
    return b'{"text":' * DEEP + b"1" + b"}" * DEEP


def _wrong_types(_: str) -> bytes:
    return json.dumps({"report_id": {"a": 1}, "text": [1], "category": 7, "case_id": None, "location": "here"}).encode()


def _huge(id_: str) -> bytes:
    return f'{{"report_id": "{id_}", "category": "E06010", "severity": 1{"0" * 400}, "people": 1e400}}'.encode()


def _nulls(id_: str) -> bytes:
    content = {"report_id": f"\u0000{ODD_TEXT}{id_}" * 40, "text": f"\u0000{ODD_TEXT}", "case_id": f"\u0000{id_}"}
    return json.dumps(content).encode()


VALUES: dict[str, Callable[[str], bytes | None]] = {
    "tombstone": lambda _: None,
    "empty": lambda _: b"",
    "bad-json": lambda _: b'{"report_id": "x", "text": ',
    "no-text": lambda _: b"\xff\xfe\x00\x80",
    "wrong-types": _wrong_types,
    "nested": _nested,
    "huge-number": _huge,
    "nul": _nulls,
    "array": lambda _: b"[" * 50 + b"]" * 50,
    "too-large": lambda _: b'"' + b"x" * TOO_LARGE + b'"',
}


def records(topic_kind: str, id_: str) -> Iterator[tuple[str, bytes | None, Headers]]:
    """Yield (name, value, headers) of every poison that claims to be of a type."""
    for name, value in VALUES.items():
        yield name, value(id_), _headers(topic_kind, f"{id_}/{name}")
    fine = json.dumps({"note": ODD_TEXT}).encode()
    yield "null-header", fine, [("ce_id", None), *_headers(topic_kind, id_)[2:]]
    yield "header-no-text", fine, [("ce_id", b"\xff\xfe"), *_headers(topic_kind, id_)[2:]]
    yield "no-headers", b"0", []
    yield "many-headers", b"\x00", [*_headers(topic_kind, id_), *((f"h{number}", b"x") for number in range(300))]
    yield "unknown-type", b"{}", _headers("gridwhistle.no.such.v9", id_)


async def pour(world: World, hit: Callable[[str], None]) -> int:
    """Send every poison to every topic; remember where each lies. Return how many the broker took."""
    begun = False
    before = len(world.poison)
    for topic, kind in _places(world):
        for name, value, headers in records(kind, f"{world.run}-poison-{world.dice.random()}"):
            await _send(world, topic, (name, value, headers))
            if not begun:
                hit(f"{len(VALUES) + 5} kinds on inbound and internal topics")
                begun = True
    return len(world.poison) - before


async def _send(world: World, topic: str, record: tuple[str, bytes | None, Headers]) -> None:
    name, value, headers = record
    key = f"{name}-{world.dice.randrange(6)}".encode()
    try:
        partition, offset = await world.cast.post.put(topic, value, key, headers)
    except RefusedError:
        world.refused_by_broker += 1
    else:
        world.poison.add((topic, partition, offset))


def _places(world: World) -> Iterator[tuple[str, str]]:
    for code in world.spots:
        for partner in PARTNERS:
            yield inbound_name(code, partner), Report.type
        for topic, kind in KINDS.items():
            yield topic_name(code, topic), kind

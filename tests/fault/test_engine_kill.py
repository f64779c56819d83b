"""The engine's guarantee, on a real broker and database.

A process killed between any two steps loses nothing, applies nothing twice, and every event keeps its one id and
content.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.local import probes
from deploy.local.component import Component, Program
from deploy.local.stack import LocalStack
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import AcceptTask, Command, ProgressTask
from shared.contracts.ids import event_id
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, free_port, header, open_bus, until

pytestmark = pytest.mark.integration

POINTS = [
    "before:load",
    "after:load",
    "after:decide",
    "after:companions",
    "after:save",
    "after:publish",
    "after:mark",
]
CASES = 5
PARTITIONS = 3
NOTES = 40
WHEN = datetime(2026, 7, 1, 1, tzinfo=UTC)
CENTRE = Actor(partner="centre", kind=PartnerKind.CENTRE)


def command(kind: type[Command], district: str, case: int, note: str) -> Command:
    """Return a command about the n-th case."""
    case_id = f"{district}-260701-aaaaaaa{'abcdefgh'[case]}"
    fields: dict[str, Any] = {"task_id": f"{case_id}/tally#1", "note": note}
    return kind(district=district, case_id=case_id, occurred_at=WHEN, recorded_at=WHEN, actor=CENTRE, **fields)


def tally(
    stack: LocalStack, district: str, point: str | None, marker: Path, more: Mapping[str, str] | None = None
) -> Component:
    """Return one process of the tally service for one district, armed or not; `more` settings come last."""
    port = free_port()
    env = {
        **stack.env,
        "GW_MODE": "replay",
        "GW_DISTRICTS": district,
        "GW_TALLY_GROUP": f"tally-{district}",
        "GW_HTTP_PORT": str(port),
        **({"GW_FAULT_POINT": f"{point}@2:{marker}"} if point else {}),
        **(more or {}),
    }
    program = Program(
        name=f"tally-{district}",
        argv=(sys.executable, "-m", "tests.support.tally"),
        log=marker.with_suffix(".log"),
        probe=probes.http(f"http://127.0.0.1:{port}/readyz"),
        port=port,
        env=env,
    )
    return Component(program, marker.parent)


async def prepare(bus: Bus, district: str) -> None:
    """Create the district's topics."""
    topics = [f"gw.{district}.{suffix}" for suffix in ("commands", "cases", "dead-letters")]
    await bus.create(*topics, partitions=PARTITIONS)


async def flood(bus: Bus, district: str) -> None:
    """Open the cases, then send the notes; every fifth twice, as a partner's retry would."""
    for case in range(CASES):
        await bus.emit(command(AcceptTask, district, case, ""), event_id(f"{district}/{case}/open", 0))
    for note in range(NOTES):
        for case in range(CASES):
            for _ in range(2 if note % 5 == 0 else 1):
                progress = command(ProgressTask, district, case, str(note))
                await bus.emit(progress, event_id(f"{district}/{case}/{note}", 0))


def contents(records: list[ConsumerRecord]) -> dict[str, set[bytes]]:
    """Return the different contents under each event id."""
    by_id: dict[str, set[bytes]] = defaultdict(set)
    for record in records:
        by_id[header(record, "ce_id")].add(record.value)
    return by_id


async def killed_and_restarted(stack: LocalStack, bus: Bus, number: int, point: str, folder: Path) -> None:
    """Run the tally through a kill at the point and check everything that must hold afterwards."""
    district = f"9000{number:02}"
    marker = folder / f"{number}.killed"
    await prepare(bus, district)
    process = tally(stack, district, point, marker)
    await process.start()
    await flood(bus, district)
    await until(lambda: process.died, 60, f"the kill at {point}")
    assert marker.exists()
    await process.restart()
    records = await bus.read([f"gw.{district}.cases"], lambda seen: len(contents(seen)) == CASES * NOTES)
    await check_bus(records)
    await check_database(stack, district)
    assert await process.stop(), "the service ends by itself on SIGTERM"


async def check_bus(records: list[ConsumerRecord]) -> None:
    """Every event has one content, and first copies come in the order of the notes, per case."""
    assert all(len(values) == 1 for values in contents(records).values())
    order: dict[str, list[str]] = defaultdict(list)
    for record in records:
        note = data(record)["note"]
        if note not in order[data(record)["case_id"]]:
            order[data(record)["case_id"]].append(note)
    expected = [f"{number + 1}:{number}" for number in range(NOTES)]
    assert [sorted(notes, key=lambda note: int(note.split(":")[0])) for notes in order.values()] == [expected] * CASES
    assert all(notes == expected for notes in order.values())


async def check_database(stack: LocalStack, district: str) -> None:
    """Every note is counted once, in order, and no outbox stays behind."""
    collection = connect(stack.mongo_url)[f"gw_tally-{district}"]["tallies"]
    found = [document async for document in collection.find({})]
    assert [document["s"]["notes"] for document in found] == [[str(note) for note in range(NOTES)]] * CASES
    assert {document["s"]["count"] for document in found} == {NOTES}

    async def empty() -> bool:
        return await collection.count_documents({"outbox": {"$exists": True}}) == 0

    await until(empty, 15, "the empty outbox")


async def test_killed_between_any_two_steps_applies_every_record_once(infra: LocalStack, tmp_path: Path) -> None:
    """Kill -9 at every point of the engine, each in a process and district of its own, all at the same time."""
    async with open_bus(infra.bootstrap) as bus:
        await asyncio.gather(
            *(killed_and_restarted(infra, bus, number, point, tmp_path) for number, point in enumerate(POINTS, start=1))
        )


async def test_a_process_told_to_end_leaves_nothing_to_be_done_again(infra: LocalStack, tmp_path: Path) -> None:
    """What waited for company, the emptying of outboxes and the offsets, is done before it goes, in full work too."""
    district = "900060"
    tallies = connect(infra.mongo_url)[f"gw_tally-{district}"]["tallies"]
    async with open_bus(infra.bootstrap) as bus:
        await prepare(bus, district)
        process = tally(infra, district, None, tmp_path / "told")
        await process.start()
        await bus.emit(command(AcceptTask, district, 0, ""), event_id(f"{district}/open", 0))
        talking = asyncio.create_task(talk(bus, district))

        async def busy() -> bool:
            return await tallies.count_documents({"s.count": {"$gt": 50}}) == 1

        await until(busy, 60, "the process to be in full work")
        assert await process.stop()
        talking.cancel()
        assert await tallies.count_documents({"outbox": {"$exists": True}}) == 0
        (told,) = await tallies.find({}).to_list(None)
    assert await committed(infra, f"tally-{district}", f"gw.{district}.commands") == 1 + told["s"]["count"]


async def talk(bus: Bus, district: str) -> None:
    """Send one note after the other."""
    for note in itertools.count():
        await bus.emit(command(ProgressTask, district, 0, str(note)), event_id(f"{district}/{note}", 0))


async def committed(stack: LocalStack, group: str, topic: str) -> int:
    """Return how many records of a topic a group would not be given again."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        return sum([await consumer.committed(TopicPartition(topic, number)) or 0 for number in range(PARTITIONS)])
    finally:
        await consumer.stop()


async def test_bad_records_between_good_ones_harm_none(infra: LocalStack, tmp_path: Path) -> None:
    """Poison of every kind becomes a dead letter; what stands around it is applied; parked records find their case."""
    district = "900050"
    async with open_bus(infra.bootstrap) as bus:
        await bus.create(*(f"gw.{district}.{suffix}" for suffix in ("commands", "cases", "dead-letters")))
        early = command(ProgressTask, district, 0, "overtook")
        await bus.emit(early, event_id(f"{district}/early", 0))
        process = tally(infra, district, None, tmp_path / "poison")
        await process.start()
        poison = await send_poison(bus, district, early)
        await bus.emit(command(AcceptTask, district, 0, ""), event_id(f"{district}/open", 0))
        await bus.emit(command(ProgressTask, district, 0, "last"), event_id(f"{district}/last", 0))
        said = await bus.read([f"gw.{district}.cases"], lambda seen: len(seen) >= 2)
        assert [data(record)["note"] for record in said] == ["1:overtook", "2:last"]
        letters = await bus.read([f"gw.{district}.dead-letters"], lambda seen: len(seen) >= len(poison))
        assert sorted(data(letter)["error"] for letter in letters) == sorted(poison)
        assert all(data(letter)["message"] for letter in letters)
        await process.stop()


async def send_poison(bus: Bus, district: str, good: Command) -> list[str]:
    """Send what must end as dead letters; return the errors expected."""
    topic = f"gw.{district}.commands"
    head = [("ce_id", b"x"), ("ce_source", b"/x"), ("ce_type", good.type.encode())]
    key = good.case_id
    await bus.send(topic, None, key, head)
    await bus.send(topic, b"{not json", key, head)
    await bus.send(topic, b"\xff\xfe\x00", key, head)
    await bus.send(topic, good.model_dump_json().encode(), key, [("ce_id", b"\xff"), *head[1:]])
    await bus.send(topic, good.model_dump_json().encode(), key, [("ce_id", None), *head[1:]])
    await bus.send(topic, good.model_dump_json().encode(), key, head[:2])
    await bus.send(topic, b"{}", key, [*head[:2], ("ce_type", b"gridwhistle.no.such.v9")])
    await bus.send(topic, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, key, head)
    for note in ("refuse", "break"):
        opened = command(AcceptTask, district, 1, "")
        await bus.emit(opened, event_id(f"{district}/open1", 0))
        await bus.emit(command(ProgressTask, district, 1, note), event_id(f"{district}/{note}", 0))
    return [
        "empty-record",
        "invalid-event",
        "invalid-event",
        "bad-envelope",
        "bad-envelope",
        "bad-envelope",
        "unknown-type",
        "invalid-event",
        "illegal-transition",
        "internal-error",
    ]

"""One process of the floor: `python -m tests.bench.floor BOOTSTRAP MONGO|- SCRIPT '{"topic": records}'`.

It moves the records and makes the writes that a service made when it was recorded: the same number, the same bytes, in
batches of the same size, with the same write concern, and commits. It decodes nothing, checks nothing, reads nothing.
Prints `ready`, and at the end the instant (monotonic) of its last acknowledgement and its processor seconds.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient

from shared.infra.clock import monotonic
from tests.bench.recorded import PARTS

MAX_RECORDS = 500
PREFIX = "floor"
DRIVES = {"router": ".incidents", "escalation": ".cases"}
"""What makes a service write, where that is not everything it reads."""

Step = tuple[Any, ...]


def steps(path: Path) -> Iterator[Step]:
    """Yield what was recorded."""
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)  # noqa: S301 - written by this run itself
            except EOFError:
                return


def floor_topic(name: str) -> str:
    """Return the floor's topic for one of the services'."""
    return f"{PREFIX}.{name}"


def is_delivery(step: Step) -> bool:
    """Say whether a step of the notifier belongs to the sending of notices, which goes on beside its batches."""
    if step[0] == "publish":
        return any(name == "ce_type" and value.endswith(b"notice.delivered.v1") for name, value in step[1][0][3])
    return bool(step[0] == "update" and step[2] == "notices")


@dataclass(slots=True)
class Floor:
    """Runs a script as far as its share of the records has come in.

    `driving` are the topics that make the service write and how many records come on each: the router reads what
    escalation says too, which comes after what it wrote itself.
    """

    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    mongo: Any
    total: int
    driving: Mapping[str, int]
    script: Sequence[Step]
    came: int = 0
    drove: int = 0
    done: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Consume everything, and do everything."""
        delivering = {n for n, step in enumerate(self.script) if is_delivery(step)}
        batches = [n for n in range(len(self.script)) if n not in delivering]
        await asyncio.gather(
            self._consume(), self._work(batches, first=True), self._work(sorted(delivering), first=False)
        )

    async def _consume(self) -> None:
        while self.came < self.total:
            found = await self.consumer.getmany(timeout_ms=200, max_records=MAX_RECORDS)
            self.came += sum(map(len, found.values()))
            self.drove += sum(len(part) for of, part in found.items() if of.topic in self.driving)
            self._move()
            if found:
                await self.consumer.commit()

    def _move(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()

    async def _work(self, numbers: Sequence[int], *, first: bool) -> None:
        for number in numbers:
            while number >= self._allowed() or (not first and number > self.done):
                await self.moved.wait()
            await self._do(self.script[number])
            if first:
                self.done = number
                self._move()
        if first:
            self.done = len(self.script)
            self._move()

    def _allowed(self) -> float:
        return len(self.script) * self.drove / sum(self.driving.values())

    async def _do(self, step: Step) -> None:
        if step[0] == "publish":
            sent = [
                await self.producer.send(floor_topic(topic), value, key or None, headers=headers)
                for topic, key, value, headers in step[1]
            ]
            await asyncio.gather(*sent)
        elif self.mongo is not None:
            name, database, collection, documents = step
            command = {name: collection, PARTS[name]: documents, "ordered": False, "writeConcern": {"w": "majority"}}
            await self.mongo[f"{PREFIX}_{database}"].command(command)


async def main(bootstrap: str, mongo: str, script: Path, came: Mapping[str, int]) -> None:
    """Run one process of the floor; `came` is how many records come on each topic."""
    topics, total = list(came), sum(came.values())
    driving = {floor_topic(name): n for name, n in came.items() if name.endswith(DRIVES.get(script.stem, ""))}
    client = None if mongo == "-" else AsyncIOMotorClient[dict[str, Any]](mongo)
    ready_made = [
        step if step[0] == "publish" else (*step[:3], [RawBSONDocument(one) for one in step[3]])
        for step in steps(script)
    ]
    consumer = AIOKafkaConsumer(
        *map(floor_topic, topics),
        bootstrap_servers=bootstrap,
        group_id=f"{PREFIX}-{script.stem}",
        enable_auto_commit=False,
        metadata_max_age_ms=1_000,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=2, max_batch_size=256 * 1024
    )
    await consumer.start()
    await producer.start()
    # Topics that were created a moment ago come one by one.
    while {one.topic for one in consumer.assignment()} != set(map(floor_topic, topics)):
        await consumer.getmany(timeout_ms=50)
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    _say({"ready": True})
    begun = _cpu()
    try:
        await Floor(consumer, producer, client, total, driving, ready_made).run()
        _say({"ended": monotonic(), "cpu": _cpu() - begun})
    finally:
        await producer.stop()
        await consumer.stop()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    where, database, path, records = sys.argv[1:]
    asyncio.run(main(where, database, Path(path), json.loads(records)))

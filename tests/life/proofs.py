"""What is compared: what A said, told and counted before the move, with what B says, tells and counts after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord

from deploy.backup.databases import documents
from deploy.backup.records import FILE
from deploy.cli._broker import consumer, topic_partitions
from deploy.cli._reading import partitions_of, up_to_now
from deploy.conservation.ledger import OPEN
from deploy.local import LocalStack
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.mongo import connect
from tests.drill.office import Event, Office
from tests.drill.proofs import notices
from tests.life.ground import DISTRICT
from tests.life.shell import Shell
from tests.life.world import PATIENCE
from tests.support.bus import data, header, until

SAID = [topic_name(DISTRICT, kind) for kind in Topic if kind is not Topic.DEAD_LETTERS]
ENDED = frozenset({"delivered", "failed", "unknown", "suppressed"})

Must = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Before:
    """The district as it was on A at its last instant there.

    `late` was reported when nobody served it any more. `carried` are the ids of what travelled with the backup;
    `waiting` notices that had not gone out.
    """

    as_of: datetime
    figures: Any
    late: str
    records: Sequence[ConsumerRecord]
    first: ConsumerRecord
    carried: frozenset[str]
    told: Sequence[str]
    waiting: frozenset[str]

    @classmethod
    async def of(cls, shell: Shell, folder: Path, now: datetime, late: str) -> Before:
        """Look at A once its services have ended and it is put aside."""
        inbound = await said(shell.stack, [inbound_name(DISTRICT, "grid-app")])
        carried = (dict(one["headers"]).get("ce_id") for one in documents(folder / FILE))
        waiting = (one["_id"] for one in documents(folder / "gw_notifier" / "notices.bson.gz") if "due" in one)
        return cls(
            now,
            await figures(shell, now),
            late,
            await said(shell.stack, SAID),
            min(inbound, key=lambda one: one.timestamp),
            frozenset(bytes(id_).decode() for id_ in carried if id_),
            notices(shell.stack.config.state / "notices.jsonl"),
            frozenset(waiting),
        )

    @property
    def ids(self) -> set[str]:
        """The ids of everything that was said."""
        return {header(one, "ce_id") for one in self.records}

    @property
    def tasks(self) -> list[Event]:
        """Every task that was assigned, in the order in which the topics have them."""
        return self.of_type("task.assigned")

    def of_type(self, name: str) -> list[Event]:
        """Return the events of a type."""
        return [data(one) for one in self.records if header(one, "ce_type") == f"gridwhistle.{name}.v1"]


async def said(stack: LocalStack, topics: Sequence[str]) -> list[ConsumerRecord]:
    """Return everything that stands on some topics."""
    counts = {name: count for name, count in (await topic_partitions(stack.bootstrap)).items() if name in topics}
    async with consumer(stack.bootstrap) as client:
        return [one async for one in up_to_now(client, partitions_of(counts))]


async def figures(shell: Shell, as_of: datetime) -> Any:
    """Return every figure as of an instant, and that of one divided."""
    asked = ("kpi", "--district", DISTRICT, "--as-of", as_of.isoformat())
    return [await shell.json(*asked), await shell.json(*asked, "--by", "department")]


async def prove(before: Before, b: Shell, town: Office, must: Must) -> None:
    """Prove on B that nothing is lost, nothing told twice, and time goes on."""
    (late,) = await town.heard(Topic.INCIDENTS, "report.accepted", report_id=before.late)
    await town.heard(Topic.CASES, "task.assigned", case_id=late["case_id"])
    must(f"{before.late}, reported when nobody served it, has its case on B", hold=True)
    await _same_report_again(before, b, town, must)
    breached = await _breached_on_b(before, town)
    must(f"a clock that began on A ended on B: {breached['clock_id']}, due {breached['due_at']}", hold=True)
    same = await figures(b, before.as_of) == before.figures
    must(f"every figure as of {before.as_of:%Y-%m-%d %H:%M:%S} UTC is on B what it was on A", hold=same)
    await _told_once(before, b, must)
    again = {header(one, "ce_id") for one in await said(b.stack, SAID)} & before.ids
    extra = again - before.carried
    must(
        f"of {len(before.ids)} events said on A {len(again)} came along and {len(extra)} were said again",
        hold=not extra,
    )


async def _same_report_again(before: Before, b: Shell, town: Office, must: Must) -> None:
    """A partner that is in doubt sends its first report once more, to B now."""
    await town.bus.send(
        before.first.topic, before.first.value, (before.first.key or b"").decode(), before.first.headers
    )

    async def recognised() -> bool:
        counted = (await b.json("check", "--district", DISTRICT))["districts"][DISTRICT]
        return int(counted["duplicate"]) == 1

    await until(recognised, town.patience, "the repetition to be recognised")
    must("a report of A that is sent to B again is recognised, and makes no second case", hold=True)


async def _breached_on_b(before: Before, town: Office) -> Event:
    """Wait for a clock of a case of A that had not ended there."""
    cases = {one["case_id"] for one in before.tasks}
    ended = {one["clock_id"] for one in before.of_type("clock.breached")}

    async def found() -> Event | None:
        late = await town.heard(Topic.ESCALATIONS, "clock.breached")
        return next((one for one in late if one["case_id"] in cases and one["clock_id"] not in ended), None)

    breached: Event = await until(found, town.patience, "a clock of A to end on B")
    return breached


async def _told_once(before: Before, b: Shell, must: Must) -> None:
    """Every notice that waited on A goes out on B or is settled there, and none goes out on both."""
    client: Any = connect(b.stack.mongo_url)

    async def settled() -> bool:
        found = client["gw_notifier"]["notices"].find({"_id": {"$in": list(before.waiting)}}, {"s.status": 1})
        return [one async for one in found if one["s"].get("status", "queued") not in ENDED] == []

    try:
        await until(settled, PATIENCE, "the notices of A to go out")
    finally:
        client.close()
    file = b.stack.config.state / "notices.jsonl"
    here = await until(lambda: notices(file), PATIENCE, "a notice on B, which may have to wait for its morning")
    twice = set(here) & set(before.told) | {one for one, number in Counter(here).items() if number > 1}
    must(f"{len(before.waiting)} notices that waited on A went out or were settled on B", hold=True)
    must(f"of {len(before.told)} notices told on A and {len(here)} on B, {len(twice)} were told twice", hold=not twice)


async def open_cases(stack: LocalStack) -> list[str]:
    """Return the cases of the district that are open at a cluster."""
    client: Any = connect(stack.mongo_url)
    wanted = {"_id": {"$regex": f"^{DISTRICT}-"}, "s.state": {"$in": sorted(OPEN)}}
    try:
        return [one["_id"] async for one in client["gw_router"]["cases"].find(wanted, {"_id": 1})]
    finally:
        client.close()

"""A surge through the whole system: parent and children, notices that wait for each other, nothing doubled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import LocalStack
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.district.policies import InWords, NearDuplicates, Surge
from shared.infra.clock import wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import connect
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.model.place import district

CODE = "930003"
APP, CENTRE = inbound_name(CODE, "grid-app"), inbound_name(CODE, "centre")
TEXTS = ("楼道里堆满了垃圾", "下水井冒水", "路面塌了一块", "有人违法搭建", "树倒在路中间", "消防通道被占", "墙皮往下掉")
POLICY = Surge(enabled=True, count=4, radius_m=300, window=timedelta(hours=1))

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(slots=True)
class Town:
    """A district of its own on the running system."""

    stack: LocalStack
    bus: Bus
    client: Any

    async def report(self, number: int) -> None:
        """Report something else, a few steps further on, to the same replica as before."""
        place = {"lon": 106.665, "lat": 35.544 + number / 10_000, "datum": "wgs84"}
        said = {"report_id": f"Z-{number}", "category": "E06010", "text": TEXTS[number], "location": place}
        said |= {"occurred_at": format_instant(wall_clock()), "reporter": {"phone": "13800000000"}}
        await self.bus.send(APP, json.dumps(said).encode(), "Z")

    async def heard(self, kind: str, number: int) -> list[ConsumerRecord]:
        """Wait for so many events of a kind on the incidents."""

        def of_kind(records: list[ConsumerRecord]) -> list[ConsumerRecord]:
            return [one for one in records if header(one, "ce_type") == f"gridwhistle.{kind}.v1"]

        topic = topic_name(CODE, Topic.INCIDENTS)
        return of_kind(await self.bus.read([topic], lambda records: len(of_kind(records)) >= number))

    async def found(self, collection: str, query: dict[str, Any], number: int = 1) -> list[dict[str, Any]]:
        """Wait until so many documents of the router or the notifier fit."""
        service, _, name = collection.partition("/")
        documents = self.client[f"gw_{service}"][name]

        async def enough() -> list[dict[str, Any]]:
            met = [one async for one in documents.find(query)]
            return met if len(met) >= number else []

        met: list[dict[str, Any]] = await until(enough, 40, f"{number} of {query}")
        return met


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(stack: LocalStack) -> AsyncIterator[Town]:
    """Add a district that looks for surges to the running system."""
    async with open_bus(stack.bootstrap) as bus:
        client = connect(stack.mongo_url)
        near = NearDuplicates(in_words=InWords(enabled=True))
        profile = district("plain", CODE).model_copy(update={"surge": POLICY, "near_duplicates": near, "version": 0})
        await ProfileStore(client[DATABASE]).apply(profile, wall_clock())
        suffixes = (Topic.INCIDENTS, Topic.COMMANDS, Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS)
        await bus.create(*(topic_name(CODE, suffix) for suffix in (*suffixes, Topic.DEAD_LETTERS)), APP, CENTRE)
        yield Town(stack, bus, client)
        client.close()


async def test_a_surge_is_one_parent_whose_children_are_told_together(town: Town) -> None:
    """Those that were there, and those that come into it; officials get what is said of them in a queue of its own.

    The report that is joined a little later shows that intake has looked again, and knows the surge of those after it.
    """
    for number in range(4):
        await town.report(number)
    (detected,) = await town.heard("surge.detected", 1)
    parent = data(detected)["case_id"]
    assert data(detected)["count"] == 4
    await town.report(4)
    await town.heard("surge.joined", 5)
    for number in (5, 6):
        await town.report(number)
    joined = {data(one)["case_id"] for one in await town.heard("surge.joined", 7)}
    (case,) = await town.found("router/cases", {"_id": parent})
    assert (case["s"]["surge"], case["s"]["lead"], case["s"]["state"]) == ("place", "housing", "dispatched")
    children = await town.found("router/cases", {"s.parent": parent}, 7)
    assert {one["_id"] for one in children} == joined
    assert all(one["s"]["reporters"] == 1 and one["s"]["tasks"] for one in children)
    (told,) = [one for one in await town.found("notifier/notices", {"s.step": "surge"}, 2) if _of(one, "housing")]
    assert told["s"]["case_id"] == parent
    grouped = await town.found("notifier/notices", {"s.surge": parent, "s.step": {"$regex": "^task_assigned"}}, 2)
    assert {one["to"] for one in grouped} == {f"{CODE}/housing/duty_officer/file/{parent}"}
    assert len(await town.heard("surge.detected", 1)) == 1


def _of(notice: dict[str, Any], department: str) -> bool:
    return bool(notice["s"]["recipient"].startswith(f"{department}/"))


async def test_two_reports_in_words_are_merged_by_the_place_they_name(town: Town) -> None:
    """Without a position, and by an index of their own."""
    said = ("翠湖新城小区旁边的搅拌站昼夜施工，噪音扰民", "尊敬的领导，翠湖新城小区旁边有搅拌站，昼夜施工，噪音太大")
    for number, text in enumerate(said):
        report = {"report_id": f"W-{number}", "category": "E06010", "text": text}
        await town.bus.send(APP, json.dumps(report).encode(), "W")
    merged = next(one for one in await town.heard("report.merged", 1))
    assert (data(merged)["report_id"], "distance_m" in data(merged)) == ("W-1", False)
    keys = {"s.words": {"$in": [1]}, "s.at": {"$gte": wall_clock()}, "outbox": {"$exists": False}}
    plan = await town.client["gw_intake"]["reports"].find(keys).explain()
    assert "s.words_1_s.at_1" in json.dumps(plan["queryPlanner"]["winningPlan"])


async def test_ending_the_parent_ends_no_child_and_everything_adds_up(town: Town) -> None:
    """Each child has somebody's evidence to wait for; the parent is in no sum of reports."""
    (parent,) = await town.found("router/cases", {"s.surge": "place", "s.district": CODE})
    said = {"type": "case.withdraw", "case_id": parent["_id"], "reason": "误判"}
    await town.bus.send(CENTRE, json.dumps(said).encode())
    await town.found("router/cases", {"_id": parent["_id"], "s.state": "withdrawn"})
    await town.found("router/cases", {"s.parent": parent["_id"], "s.state": "dispatched"}, 7)
    arguments, env = ["check", "--json", "--district", CODE], {**town.stack.env, "COLUMNS": "250"}
    result = await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments, env=env))
    told = json.loads(result.stdout)
    assert (result.exit_code, told["wrong"]) == (0, [])
    assert (told["districts"][CODE]["accepted"], told["districts"][CODE]["cases"]) == (9, 8)

"""Only who owns a task acts on it, and nobody is on site who is not: through Kafka and HTTP, on the whole system."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import wall_clock
from tests.support.bus import Bus, data, header, open_bus
from tests.support.cli import Cli
from tests.unit.intake.world import to_json

DISTRICT = "620802"
LON, LAT = 106.6651, 35.5428
OTHER = "transport"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(slots=True)
class Case:
    """A case with its task, and everybody who speaks about it."""

    bus: Bus
    client: httpx.AsyncClient
    keys: dict[str, str]
    id: str = ""
    task: str = ""
    lead: str = ""
    sent: int = 0

    def command(self, type_: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a command with a note by which what becomes of it is found."""
        self.sent += 1
        common = {"type": type_, "case_id": self.id, "occurred_at": format_instant(wall_clock())}
        return {**common, "note": f"owners-{self.sent}.", **fields}

    async def give(self, partner: str, type_: str, **fields: Any) -> str:
        """Give a command over Kafka; return its mark."""
        command = self.command(type_, fields)
        await self.bus.send(inbound_name(DISTRICT, partner), to_json(command), self.id)
        return str(command["note"])

    async def post(self, partner: str, type_: str, **fields: Any) -> tuple[int, str]:
        """Give a command over HTTP; return the status and its mark."""
        command = self.command(type_, fields)
        headers = {"Authorization": f"Bearer {self.keys[partner]}"}
        answer = await self.client.post("/v1/commands", content=to_json(command), headers=headers)
        return answer.status_code, str(command["note"])

    async def heard(self, topic: Topic, type_: str, **wanted: Any) -> dict[str, Any]:
        """Wait for an event of this case."""

        def found(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
            kinds = [data(one) for one in records if header(one, "ce_type") == f"gridwhistle.{type_}.v1"]
            return [one for one in kinds if {**wanted, "case_id": self.id}.items() <= one.items()]

        return found(await self.bus.read([topic_name(DISTRICT, topic)], lambda records: bool(found(records))))[0]

    async def refused(self, mark: str) -> tuple[str, str]:
        """Wait for the dead letter of a command that intake let pass; return who refused it, and why."""

        def found(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
            letters = [data(one) for one in records if header(one, "ce_type") == "gridwhistle.record.rejected.v1"]
            return [one for one in letters if mark.encode() in b64decode(one.get("value", ""))]

        topic = topic_name(DISTRICT, Topic.DEAD_LETTERS)
        letter = found(await self.bus.read([topic], lambda records: bool(found(records))))[0]
        return letter["service"], letter["error"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def case(stack: LocalStack) -> AsyncIterator[Case]:
    """Open a case and wait for its task."""
    keys = json.loads((stack.config.secrets / "http-clients.json").read_text())
    async with open_bus(stack.bootstrap) as bus, httpx.AsyncClient(base_url=stack.url("intake")) as client:
        made = Case(bus, client, keys)
        location = {"lon": LON, "lat": LAT, "datum": "wgs84"}
        said = {"report_id": "owners", "category": "E06010", "text": "巷口堆满垃圾", "location": location}
        await bus.send(inbound_name(DISTRICT, "grid-app"), to_json(said), "owners")
        made.id = await _case_of(bus, "owners")
        assigned = await made.heard(Topic.CASES, "task.assigned", role="lead")
        made.task, made.lead = assigned["task_id"], assigned["department"]
        assert made.lead != OTHER
        yield made


async def _case_of(bus: Bus, report_id: str) -> str:
    def found(records: list[ConsumerRecord]) -> list[str]:
        return [data(one)["case_id"] for one in records if data(one)["report_id"] == report_id]

    topic = topic_name(DISTRICT, Topic.INCIDENTS)
    return found(await bus.read([topic], lambda records: bool(found(records))))[0]


async def test_nobody_but_its_department_acts_on_a_task(case: Case) -> None:
    """Whatever it asks, over Kafka and HTTP alike, and whoever it says that it is; the owner's word counts."""
    asked: dict[str, dict[str, Any]] = {
        "task.accept": {"actor": {"partner": case.lead, "kind": "department", "department": case.lead}},
        "task.progress": {},
        "task.complete": {"evidence": [{"url": "https://media.example.invalid/1.jpg"}]},
        "task.return": {"reason": "不归我们管"},
        "task.hold": {"reason": "等材料"},
        "task.extend": {"reason": "材料不齐", "limit": {"amount": 1, "unit": "working_days"}},
    }
    marks = [await case.give(OTHER, type_, task_id=case.task, **fields) for type_, fields in asked.items()]
    status, mark = await case.post(OTHER, "task.complete", task_id=case.task)
    assert status == 202
    for refused in (*marks, mark):
        assert await case.refused(refused) == ("router", "forbidden")
    await case.give(case.lead, "task.accept", task_id=case.task)
    accepted = await case.heard(Topic.CASES, "task.accepted", task_id=case.task)
    assert accepted["department"] == case.lead


async def test_who_may_not_ask_at_all_is_refused_at_the_door(case: Case) -> None:
    """403 over HTTP; a reporter's application may not end a case, a department may not blow the whistle."""
    for partner, type_, fields in (
        ("grid-app", "case.withdraw", {"reason": "r"}),
        ("grid-app", "task.accept", {"task_id": case.task}),
        (case.lead, "case.whistle", {"departments": [OTHER]}),
        (case.lead, "reporter.erase", {"reason": "r"}),
    ):
        assert (await case.post(partner, type_, **fields))[0] == 403


async def test_a_check_in_counts_once_in_its_place_and_time_from_a_member(case: Case) -> None:
    """Replayed, elsewhere, in the future, by a stranger: each refused with its own word; then the right one counts."""
    whistle = {"departments": [case.lead, "housing"], "lon": LON, "lat": LAT, "muster_within_minutes": 30}
    assert (await case.post("centre", "case.whistle", **whistle))[0] == 202
    summoned = await case.heard(Topic.ESCALATIONS, "team.summoned")
    members = [one["department"] for one in summoned["members"]]
    first, second = members[:2]
    here = {"lon": LON, "lat": LAT}
    soon = format_instant(wall_clock() + timedelta(hours=1))
    wrong = {
        await case.give(first, "team.check-in", lon=LON + 0.1, lat=LAT, nonce="owners-far"): "outside-geofence",
        await case.give(first, "team.check-in", **here, nonce="owners-soon", occurred_at=soon): "future-check-in",
        await case.give(OTHER, "team.check-in", **here, nonce="owners-stranger"): "not-a-member",
    }
    assert OTHER not in members
    await case.give(first, "team.check-in", **here, nonce="owners-once")
    arrived = await case.heard(Topic.ESCALATIONS, "team.checked-in", department=first)
    assert arrived["distance_m"] == 0
    replayed = await case.post(second, "team.check-in", **here, nonce="owners-once")
    for mark, error in {**wrong, replayed[1]: "replayed-check-in"}.items():
        assert await case.refused(mark) == ("escalation", error)


async def test_a_command_over_http_is_no_report_to_check(case: Case, stack: LocalStack) -> None:
    """Its record is under seal, and says in its headers what it is."""
    assert (await case.post(OTHER, "task.progress", task_id=case.task))[0] == 202
    result = await Cli(stack.bootstrap, stack.env).run("check", "--json", "--district", DISTRICT)
    unanswered = [line for line in json.loads(result.stdout)["wrong"] if f".in.{OTHER}/" in line]
    assert unanswered == []

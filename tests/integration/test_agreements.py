"""An agreement through the whole running system: signed, paid, broken, listed, fulfilled, and nobody's name in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.local import LocalStack
from shared.contracts.agreeing import PayAgreement, SignAgreement
from shared.contracts.base import format_instant
from shared.contracts.commands import Command
from shared.contracts.mediation import RecordMediation
from shared.contracts.topics import Topic, topic_name
from shared.infra.clock import wall_clock
from tests.support.bus import Bus, data, header, open_bus
from tests.support.desk import START, running, short
from tests.support.desk import Desk as Quick
from tests.support.disputing import BOTH, HERE, MEDIATED
from tests.support.routing import CENTRE
from tests.support.search import everywhere, legible

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISTRICT = "620802"
NAME, PHONE = "诸葛某丙", "13876500321"
NEEDLES = [legible(NAME), legible(PHONE)]


@dataclass(slots=True)
class Desk:
    """The centre's hands on the running system."""

    stack: LocalStack
    bus: Bus
    client: httpx.AsyncClient
    key: str
    case: str = ""

    async def post(self, path: str, content: dict[str, Any]) -> httpx.Response:
        """Send over HTTP."""
        return await self.client.post(path, json=content, headers={"Authorization": f"Bearer {self.key}"})

    async def say(self, name: str, **content: Any) -> None:
        """Give a command about the case."""
        answer = await self.post("/v1/commands", {"type": name, "case_id": self.case, **content})
        assert answer.status_code == 202, answer.text

    async def heard(self, topic: Topic, *types: str) -> list[dict[str, Any]]:
        """Wait until all of these were said about the case; return everything that was, each once."""

        def ours(records: Sequence[Any]) -> dict[str, dict[str, Any]]:
            mine = [one for one in records if one.key == self.case.encode()]
            return {header(one, "ce_id"): {"type": header(one, "ce_type")[12:-3], **data(one)} for one in mine}

        def enough(records: Sequence[Any]) -> bool:
            said = [one["type"] for one in ours(records).values()]
            return all(said.count(name) >= types.count(name) for name in types)

        return list(ours(await self.bus.read([topic_name(DISTRICT, topic)], enough)).values())

    async def refused(self, error: str) -> dict[str, Any]:
        """Wait for a dead letter of the case with an error."""

        def found(records: Sequence[Any]) -> list[dict[str, Any]]:
            letters = [data(one) for one in records if one.key == self.case.encode()]
            return [one for one in letters if one["error"] == error]

        topic = topic_name(DISTRICT, Topic.DEAD_LETTERS)
        return found(await self.bus.read([topic], lambda records: bool(found(records))))[0]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(stack: LocalStack) -> AsyncIterator[Desk]:
    """Report a dispute and let it be mediated up to consent."""
    key = json.loads((stack.config.secrets / "http-clients.json").read_text())["centre"]
    async with open_bus(stack.bootstrap) as bus, httpx.AsyncClient(base_url=stack.url("intake")) as client:
        made = Desk(stack, bus, client, key)
        report = {
            "report_id": "agreements-1",
            "district": DISTRICT,
            "category": "D0402",
            "text": f"{NAME}（{PHONE}）与物业因收费发生纠纷",
            "reporter": {"name": NAME, "phone": PHONE},
        }
        answer = await made.post("/v1/reports", report)
        assert answer.status_code == 202, answer.text

        def opened(records: Sequence[Any]) -> list[str]:
            return [data(one)["case_id"] for one in records if b"agreements-1" in (one.value or b"")]

        incidents = topic_name(DISTRICT, Topic.INCIDENTS)
        made.case = opened(await bus.read([incidents], lambda records: bool(opened(records))))[0]
        await made.heard(Topic.CASES, "case.opened")
        await made.say("mediation.record", consent=["applicant", "respondent"])
        yield made


async def test_agreed_is_not_fulfilled_until_the_last_fen_is_paid(desk: Desk) -> None:
    """Sums are checked, clocks watch each instalment, a payment told twice counts once, and then the case closes."""
    day = wall_clock().date() + timedelta(days=5)
    owed = [
        {"party": "respondent", "what": "pay", "amount": amount, "due": str(day + timedelta(days=n))}
        for n, amount in enumerate((600.10, "399.90"))
    ]
    await desk.say("agreement.sign", obligations=owed, principal=1000.01)
    letter = await desk.refused("instalments-do-not-sum")
    assert letter["message"].endswith("the principal is 1,000.01: 0.01 is missing.")
    await desk.say("agreement.sign", obligations=owed, principal=1000, confirm=True)
    await desk.heard(Topic.CASES, "agreement.signed", *["obligation.recorded"] * 3)
    clocks = await desk.heard(Topic.ESCALATIONS, *["clock.started"] * 6)
    watched = {one["kind"] for one in clocks if one["type"] == "clock.started"}
    assert {"obligation", "confirm", "follow_up"} <= watched
    for name, number, amount in (("a", 1, 600.1), ("a", 1, 600.1), ("b", 2, 300), ("c", 2, 99.9)):
        told = {"obligation_id": f"{desk.case}/obligation#{number}", "amount": amount, "payment_id": name}
        await desk.say("agreement.pay", **told)
    said = await desk.heard(Topic.CASES, "agreement.fulfilled", "case.closed")
    paid = [one["payment"] for one in said if one.get("payment")]
    assert paid == ["600.10", "300.00", "99.90"]
    assert (said[-1]["type"], said[-1]["outcome"]) == ("case.closed", "fulfilled")
    stopped = await desk.heard(Topic.ESCALATIONS, *["clock.stopped"] * 6)
    verdicts = [one["verdict"] for one in stopped if one["type"] == "clock.stopped" and one["kind"] == "obligation"]
    assert verdicts == ["on_time", "on_time"]


async def test_neither_names_nor_numbers_get_in_by_way_of_an_agreement(desk: Desk) -> None:
    """A party that is a person, a receipt that is a telephone number, a note about a defaulter: refused, and sealed."""
    due = str(wall_clock().date() + timedelta(days=1))
    said: list[tuple[str, dict[str, Any]]] = [
        ("agreement.sign", {"obligations": [{"party": NAME, "what": "repair", "due": due}]}),
        ("agreement.sign", {"obligations": [{"party": PHONE, "what": "repair", "due": due}]}),
        ("agreement.pay", {"obligation_id": f"{desk.case}/obligation#1", "amount": 1, "payment_id": PHONE}),
        ("agreement.pay", {"obligation_id": PHONE, "amount": 1, "payment_id": "x"}),
        ("defaulter.enter", {"party": "respondent", "note": f"{NAME}欠款不还"}),
        ("defaulter.enter", {"party": NAME}),
        ("defaulter.enter", {"party": "respondent", "失信人": NAME, "name": NAME}),
    ]
    for name, content in said:
        at = format_instant(wall_clock())
        await desk.post("/v1/commands", {"type": name, "case_id": desk.case, "occurred_at": at, **content})
    await desk.refused("illegal-transition")
    seen = [(where, one) async for where, text in everywhere(desk.stack) for one in NEEDLES if one in text]
    assert seen == []


async def test_the_command_line_shows_what_was_promised_and_who_is_listed(desk: Desk) -> None:
    """Of this case everything is fulfilled, so nobody is."""
    shown = _cli("case", "show", desk.case, "--mongo-url", desk.stack.mongo_url)
    for words in ("obligation#1", "600.10", "fulfilled", "1,000.00"):
        assert words in shown
    listed = _cli("defaulters", "--district", DISTRICT, "--mongo-url", desk.stack.mongo_url, "--json")
    assert desk.case not in listed


def _cli(*arguments: str) -> str:
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(CliRunner().invoke, app, list(arguments), env={"COLUMNS": "250"}).result()
    assert result.exit_code == 0, result.output
    return result.stdout


BREAKING: dict[str, Any] = {
    **MEDIATED,
    "agreements": {"grace": "1 clock_hours", "defaulters": {"entry": "breach"}},
}
"""Disputes are mediated, and whoever breaks an agreement is listed with that."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quick(infra: LocalStack) -> AsyncIterator[Quick]:
    """Give a router with escalation beside it, half an hour of whose time is a second."""
    async with running(infra, "950126", BREAKING, ("escalation",)) as made:
        yield made


async def tell(quick: Quick, kind: type[Command], case: str, at: datetime, **fields: Any) -> None:
    """Let the centre tell now of what happened at another time."""
    facts: dict[str, Any] = {"district": quick.district, "case_id": case, "recorded_at": quick.clock.now()}
    await quick.give(kind(**facts, occurred_at=at, actor=CENTRE, **fields))


async def test_what_escalation_calls_broken_goes_back_to_mediation_until_it_turns_out_to_be_kept(
    quick: Quick, infra: LocalStack
) -> None:
    """Over the bus and back: an agreement of last night, told today, with its day and grace behind it; paid in time."""
    case = await quick.report(1, "D0402", **HERE)
    await quick.say(RecordMediation, case, CENTRE, consent=BOTH)
    yesterday = START - timedelta(hours=20)
    promise = {"party": "respondent", "what": "pay", "amount": "80.00", "due": yesterday.date()}
    await tell(quick, SignAgreement, case, yesterday, obligations=(promise,), principal="80.00")
    broken = [short(one) for one in await quick.until_said(case, "tier.entered", 2)]
    assert broken[-3:] == ["agreement.breached", "defaulter.recorded", "tier.entered"]
    listed = _cli("defaulters", "--district", quick.district, "--mongo-url", infra.mongo_url, "--json")
    assert [(one["case"], one["party"], one["standing"]) for one in json.loads(listed)] == [
        (case, "respondent", "listed")
    ]
    paid = {"obligation_id": f"{case}/obligation#1", "amount": "80.00", "payment_id": "r-1"}
    await tell(quick, PayAgreement, case, yesterday + timedelta(hours=1), **paid)
    said = await quick.until_said(case, "case.closed")
    assert [short(one) for one in said][-6:] == [
        *("agreement.breach-withdrawn", "obligation.recorded", "defaulter.recorded", "agreement.fulfilled"),
        *("tier.ended", "case.closed"),
    ]
    assert (data(said[-2])["outcome"], data(said[-1])["outcome"]) == ("kept", "fulfilled")
    assert [data(one).get("because") for one in said if short(one) == "defaulter.recorded"] == [
        None,
        "breach_withdrawn",
    ]

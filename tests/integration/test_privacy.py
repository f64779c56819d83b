"""Where the people go whom partners write about: into intake's vault, sealed, and onto the notices meant for them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner, Result

from deploy.cli.main import app
from deploy.local import LocalStack
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import wall_clock
from shared.infra.mongo import connect
from shared.infra.resealing import Resealing, SealMetrics
from shared.infra.vault import Vault
from tests.support.bus import Bus, data, open_bus, until
from tests.support.receivers import MailReceiver, mail_receiver
from tests.support.search import everywhere, legible, records
from tests.unit.intake.world import STRUCTURED_HEADERS, structured, to_json

DISTRICT = "620802"
PHONE, IDENTITY, EMAIL, NAME = "13987654321", "620802197703054416", "ouyang.moujia@example.invalid", "欧阳某甲"
OTHER_PHONE, OTHER_NAME, LANDLINE = "15912340987", "上官某乙", "0933-8612345"
NEEDLES = [legible(one).strip() for one in (PHONE, IDENTITY, EMAIL, NAME, OTHER_PHONE, OTHER_NAME, LANDLINE)]
TELLING = (
    f"我叫{NAME}，电话{PHONE}（139-8765-4321，１３９８７６５４３２１），身份证{IDENTITY}，邮箱{EMAIL}；"
    f"和{OTHER_NAME}（{OTHER_PHONE}，座机{LANDLINE}）为楼道里的杂物吵起来了"
)
SPOKEN = f"请回电{PHONE}或{OTHER_PHONE}，{IDENTITY}，{EMAIL}"
"""What a department may write into a note: numbers and addresses, for no field says whose name is in it."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


def report(report_id: str, **more: Any) -> dict[str, Any]:
    """Return a report that is full of people."""
    return {
        "report_id": report_id,
        "occurred_at": format_instant(wall_clock()),
        "severity": 1,
        "category": f"{NAME}家的事 {PHONE}",
        "text": TELLING,
        "location": {"address": f"{NAME}家门口，电话{PHONE}"},
        "reporter": {"name": NAME, "phone": PHONE, "identity_number": IDENTITY, "email": EMAIL},
        "parties": [{"name": OTHER_NAME, "phone": OTHER_PHONE}, {"姓名": NAME}],
        "attributes": {"来电": PHONE, "备注": TELLING},
        "house": {"tenants": [{"name": OTHER_NAME, "id_card": IDENTITY}]},
        **more,
    }


@dataclass(slots=True)
class Told:
    """What was sent, and where it stands by the hand of its sender."""

    stack: LocalStack
    bus: Bus
    client: httpx.AsyncClient
    keys: dict[str, str]
    mail: MailReceiver
    case: str = ""
    own: set[str] = field(default_factory=set)
    answers: list[httpx.Response] = field(default_factory=list)

    async def post(self, path: str, content: Any, partner: str) -> httpx.Response:
        """Send over HTTP."""
        headers = {"Authorization": f"Bearer {self.keys[partner]}"}
        body = to_json({**content, "district": DISTRICT})
        self.answers.append(await self.client.post(path, content=body, headers=headers))
        return self.answers[-1]

    async def send(self, content: Any, partner: str = "grid-app", headers: Any = ()) -> None:
        """Send over Kafka; the record itself is the sender's own."""
        value = content if isinstance(content, bytes) else to_json(content)
        topic = inbound_name(DISTRICT, partner)
        partition, offset = await self.bus.send(topic, value, "k", headers)
        self.own.add(f"topic {topic} {partition}/{offset}")

    async def heard(self, topic: Topic, number: int, marker: str) -> list[dict[str, Any]]:
        """Wait until so many records of a topic mention something; return those."""

        async def found() -> list[dict[str, Any]]:
            read = [one async for one in records(self.stack.bootstrap) if one.topic == topic_name(DISTRICT, topic)]
            return [data(one) for one in read if marker.encode() in (one.value or b"")]

        async def enough() -> list[dict[str, Any]]:
            told = await found()
            return told if len(told) >= number else []

        result: list[dict[str, Any]] = await until(enough, 60, f"{number} {marker} on {topic}")
        return result


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(stack: LocalStack) -> AsyncIterator[Told]:
    """Send people in by every way there is, good records and bad ones, and wait until all of it is dealt with."""
    keys = json.loads((stack.config.secrets / "http-clients.json").read_text())
    async with (
        open_bus(stack.bootstrap) as bus,
        httpx.AsyncClient(base_url=stack.url("intake")) as client,
        mail_receiver(port=stack.config.ports.smtp) as mail,
    ):
        made = Told(stack, bus, client, keys, mail)
        await _reports(made)
        made.case = (await made.heard(Topic.INCIDENTS, 2, "privacy-"))[0]["case_id"]
        await _commands(made, made.case)
        await made.heard(Topic.COMMANDS, 1, "privacy-classify")
        await made.heard(Topic.DEAD_LETTERS, 10, "in.grid-app")
        await until(lambda: made.mail.recipients.count(EMAIL) >= 2, 60, "both receipts for the reporter")
        yield made


async def _reports(told: Told) -> None:
    first = await told.post("/v1/reports", report("privacy-http"), "grid-app")
    assert first.status_code == 202, first.text
    await told.heard(Topic.INCIDENTS, 1, "privacy-http")
    assert (await told.post("/v1/reports", report("privacy-http", people=3), "grid-app")).status_code == 202
    assert (await told.post("/v1/reports", report("privacy-wrong", severity=9), "grid-app")).status_code == 400
    await told.send(report("privacy-kafka"))
    await told.send(report("privacy-kafka", people=4))
    await told.send(report("privacy-wrong", severity=9, occurred_at=TELLING))
    await told.send(report("privacy-unknown", text=None))
    await told.send(to_json(report("privacy-broken"))[:-1])
    await told.send(TELLING.encode("gb18030"))
    await told.send(TELLING.encode("utf-16"))
    await told.send(structured(report("privacy-type"), "gridwhistle.report.unheard-of.v1"), headers=STRUCTURED_HEADERS)
    await told.send(report("privacy-claims"), headers=[("gw_sealed", b"local-1")])
    await told.send(report("privacy-header"), headers=[("ce_type", TELLING.encode("utf-16"))])


async def _commands(told: Told, case: str) -> None:
    """Give one that is good, some that are refused here, and one that the router refuses."""
    say = {"case_id": case, "occurred_at": format_instant(wall_clock()), "note": SPOKEN}
    classify = {**say, "type": "case.classify", "category": "E06036", "said": {"name": NAME, "text": SPOKEN}}
    assert (await told.post("/v1/commands", {**classify, "marker": "privacy-classify"}, "centre")).status_code == 202
    await told.send({**say, "type": "case.withdraw", "reason": SPOKEN})
    await told.send({**say, "type": "case.verify", "ok": True, "reason": SPOKEN, "caller": SPOKEN})
    assert (await told.post("/v1/commands", {**say, "type": "case.withdraw", "reason": SPOKEN}, "grid-app")).is_error


async def test_nobody_is_legible_anywhere(told: Told) -> None:
    """Not on a topic, in a database, a log or a metric, and not in what intake answered."""
    seen: set[str] = set()
    legible_at: list[tuple[str, str]] = []
    async for where, text in everywhere(told.stack):
        seen.add(where.split(" ")[0].split(".")[0])
        if where not in told.own:
            legible_at += [(where, one) for one in NEEDLES if one in text]
    assert legible_at == []
    assert {"topic", "log", "metrics", "gw_intake", "gw_router", "gw_escalation", "gw_notifier"} <= seen
    answered = [one for answer in told.answers for one in NEEDLES if one in legible(answer.text)]
    assert answered == []


async def test_the_search_finds_what_is_there(told: Told) -> None:
    """In the senders' own records: so it would have found them elsewhere."""
    found = {where async for where, text in everywhere(told.stack) if NEEDLES[0] in text}
    assert found
    assert found <= told.own


async def test_people_are_told_what_is_meant_for_them(told: Told) -> None:
    """The reporter by name, by the mail that is the reporter's own; who is on duty reads a masked text."""
    letters = [(str(one["to"]), one.get_content()) for one in told.mail.messages]
    own = [text for to, text in letters if to == EMAIL]
    assert own
    assert any(NAME in text for text in own)
    others = [text for to, text in letters if to != EMAIL]
    lines = (told.stack.config.state / "notices.jsonl").read_text().splitlines()
    others += [line for line in lines if json.loads(line)["audience"] != "reporter"]
    assert others
    assert [one for text in others for one in NEEDLES if one in legible(text)] == []


async def test_a_vault_key_is_replaced_and_retired(told: Told, tmp_path: Path) -> None:
    """Added, promoted, everything sealed again by what the services run, and only then taken out."""
    keys = tmp_path / "vault.keys"
    keys.write_text((told.stack.config.secrets / "vault.keys").read_text())
    before = Vault.load(keys)
    command = Keys(keys, told.stack.mongo_url)
    assert command.run("add", "second").exit_code == 0
    assert [one["does"] for one in command.status()] == ["seals", "opens"]
    assert command.run("promote", "second").exit_code == 0
    refused = command.run("retire", before.sealing, "--mongo-url", told.stack.mongo_url)
    assert (refused.exit_code, "still holds" in refused.output) == (1, True)
    client = connect(told.stack.mongo_url)
    both = Vault.load(keys)
    back = Vault(before.sealing, both.keys)
    try:
        assert await seal_again(client, both) > 0
        assert [(one["key"], one["gw_intake.vault"] > 0) for one in command.status()] == [
            ("second", True),
            (before.sealing, False),
        ]
        kept = await client["gw_intake"]["vault"].find_one({"key": "second", "case_id": told.case})
        assert kept is not None
        assert json.loads(both.open(kept["sealed"], kept["_id"]))["reporter"]["name"] == NAME
        assert command.run("retire", before.sealing, "--mongo-url", told.stack.mongo_url).exit_code == 0
        assert list(Vault.load(keys).keys) == ["second"]
    finally:
        await seal_again(client, back)
        client.close()


async def seal_again(client: Any, vault: Vault) -> int:
    """Bring everything stored under the vault's newest key, as intake and notifier do; return how much that was."""
    registry = CollectorRegistry()
    contacts, kept = client["gw_notifier"]["reporters"], client["gw_intake"]["vault"]
    both = (
        Resealing(kept, vault, lambda document: document["_id"], SealMetrics.create(registry, "intake")),
        Resealing(contacts, vault, lambda document: document["owner"], SealMetrics.create(registry, "notifier")),
    )
    done = sum([await one.sweep() for one in both])
    assert [one.metrics.documents.labels("older")._value.get() for one in both] == [0, 0]
    return done


@dataclass(frozen=True, slots=True)
class Keys:
    """`gridwhistle vault …` on one file and one database."""

    file: Path
    mongo_url: str

    def run(self, *arguments: str) -> Result:
        """Run a command, in a thread of its own, for it has an event loop of its own."""
        with ThreadPoolExecutor(1) as thread:
            whole = ["vault", arguments[0], "--file", str(self.file), *arguments[1:]]
            return thread.submit(CliRunner().invoke, app, whole, env={"COLUMNS": "250"}).result()

    def status(self) -> list[dict[str, Any]]:
        """Return what each key does and holds."""
        rows: list[dict[str, Any]] = json.loads(self.run("status", "--mongo-url", self.mongo_url, "--json").stdout)
        return rows

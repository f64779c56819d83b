"""Intake as a process of its own on a real broker and database: what partners send, what comes out, what is kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from deploy.local import LocalStack
from services.intake.adapters.candidates import query
from services.intake.adapters.retention import Retention
from services.intake.domain.model import ReportState
from services.intake.domain.nearness import Sighting, cells_around
from services.intake.metrics import IntakeMetrics
from shared.contracts.base import format_instant
from shared.contracts.commands import VerifyCase
from shared.contracts.incidents import Report, Reporter
from shared.contracts.topics import Topic, topic_name
from shared.district.policies import Retention as RetentionPolicy
from shared.infra.clock import ManualClock, wall_clock
from shared.infra.engine import AggregateStore
from shared.infra.vault import Vault
from tests.support.bus import data, header, until
from tests.support.reception import WEST, D, E, World, at, near, running
from tests.unit.intake.world import STRUCTURED_HEADERS, binary, command, profile, structured, to_json

KEPT = RetentionPolicy(identities_days=2, personal_data_days=5)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(infra: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Give an intake that serves two districts of its own."""
    async with running(infra, tmp_path_factory.mktemp("keys") / "http.keys") as made:
        yield made


pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_three_forms_of_a_report_come_out_as_the_same_event(world: World) -> None:
    """Binary, structured and bare differ in nothing but their envelope."""
    now = format_instant(wall_clock())
    for name, headers in (("F-binary", binary(id_="f-1")), ("F-structured", STRUCTURED_HEADERS), ("F-bare", [])):
        payload = near(name, occurred_at=now, reporter=None, category="E06036", location={"address": "解放中路社区"})
        await world.send(structured(payload) if name == "F-structured" else payload, headers=headers)
    told = [data(await world.told(name)) for name in ("F-binary", "F-structured", "F-bare")]
    for event in told:
        for own in ("report_id", "case_id", "recorded_at"):
            event.pop(own)
    assert told[0] == told[1] == told[2]
    assert told[0]["category"] == "E06036"


async def test_the_same_report_in_three_forms_is_one(world: World) -> None:
    """Which form a repetition has does not matter; a good report behind it shows that they have been handled."""
    payload = near("S-1")
    await world.send(payload, headers=binary(id_="s-1"))
    await world.told("S-1")
    await world.send(structured(payload), headers=STRUCTURED_HEADERS)
    await world.send(payload)
    reports = world.database["reports"]

    async def twice() -> Any:
        return await reports.find_one({"_id": f"{D}/grid-app/S-1", "s.duplicates": 2})

    assert await until(twice, what="two duplicates")
    assert len(await world.heard(Topic.INCIDENTS, 1, lambda event: event["report_id"] == "S-1")) == 1


async def test_the_same_id_with_other_content_is_a_dead_letter(world: World) -> None:
    """With the state it met."""
    await world.send(near("K-1"))
    await world.told("K-1")
    await world.send(near("K-1", text="K-1 其实是别的事"))
    letter = await world.refused("K-1 其实是别的事")
    assert (letter["error"], letter["state_met"], letter["service"]) == ("conflicting-duplicate", "accepted", "intake")


async def test_a_flood_of_poison_stops_nothing(world: World) -> None:
    """Rubbish of every kind between good records: all of those come out, each piece of rubbish is a dead letter."""
    rubbish: list[tuple[bytes | None, Any]] = [
        (b"\xff\xfe rubbish-1", ()),
        (b"rubbish-2", [("ce_type", b"\xff")]),
        (b"rubbish-3", [("ce_type", None), ("ce_specversion", b"1.0")]),
        (b'{"rubbish-4": ' + b"[" * 400, ()),
        (b'{"rubbish-5": 1' + b"0" * 5_000 + b"}", ()),
        (to_json({"rubbish-6": "\u202e\u200b", "report_id": 7}), ()),
        (None, ()),
        (b"", ()),
        (b"x" * 900_000 + b"rubbish-9", ()),
        (to_json(near("P-bad", text="rubbish-10", people=10**30)), ()),
    ]
    for round_ in range(12):
        await world.send(near(f"P-{round_}"))
        for value, headers in rubbish:
            await world.send(value, headers=headers)
    wanted = {f"P-{round_}" for round_ in range(12)}
    told = await world.heard(Topic.INCIDENTS, 12, lambda event: event["report_id"] in wanted)
    assert {data(one)["report_id"] for one in told} == wanted

    def flood(letter: dict[str, Any]) -> bool:
        return "rubbish" in world.original(letter) or not letter.get("value")

    topic = topic_name(D, Topic.DEAD_LETTERS)
    letters = await world.bus.read(
        [topic], lambda records: sum(flood(data(one)) for one in records) >= 12 * len(rubbish)
    )
    errors = {data(one)["error"] for one in letters if flood(data(one))}
    assert errors == {"bad-json", "bad-envelope", "empty-record", "invalid-report"}
    assert all(data(one)["message"] for one in letters)


async def test_near_duplicates_are_merged_into_the_first(world: World) -> None:
    """In one batch and across batches, from another partner too; a different matter nearby stays its own."""
    first = near("N-1", location=at(0.005), text="三号楼前垃圾堆成山")
    await world.send(first)
    case = data(await world.told("N-1"))["case_id"]
    for number in range(2, 6):
        await world.send(near(f"N-{number}", location=at(0.005 + number / 100_000), text="3号楼前垃圾堆成山了"))
    alarm = {"alarm_id": "N-6", "label": "GarbageExposed", "time": format_instant(wall_clock())}
    await world.send({**alarm, "camera": {**at(0.00505), "name": "三号楼"}}, "camera")
    await world.send(near("N-7", location=at(0.005), text="路灯坏了夜里看不见"))
    merged = [await world.told(f"N-{number}") for number in range(2, 7)]
    assert {header(one, "ce_type") for one in merged} == {"gridwhistle.report.merged.v1"}
    assert {(data(one)["case_id"], one.key.decode()) for one in merged} == {(case, case)}
    assert all(data(one)["merged_case_id"] != case for one in merged)
    assert header(await world.told("N-7"), "ce_type") == "gridwhistle.report.accepted.v1"


async def test_what_is_not_told_yet_is_no_candidate(world: World) -> None:
    """A merge must not overtake the report it is merged into; an outbox that is left hides it."""
    await world.send(near("O-1", location=at(0.015), category="E06036"))
    await world.told("O-1")
    reports = world.database["reports"]
    id_ = f"{D}/grid-app/O-1"

    async def marked() -> Any:
        return await reports.find_one({"_id": id_, "outbox": {"$exists": False}})

    await until(marked, what="the outbox to be empty")
    await reports.update_one({"_id": id_}, {"$set": {"outbox": [], "saved_at": wall_clock()}})
    await world.send(near("O-2", location=at(0.015), category="E06036"))
    assert header(await world.told("O-2"), "ce_type") == "gridwhistle.report.accepted.v1"


async def test_candidates_are_found_by_one_index(world: World) -> None:
    """However many reports there are: the plan reads keys of the index and fetches what fits."""
    now = wall_clock()
    sighting = Sighting("", D, "E06010", WEST[D] + 0.005, 35.545, now, "")
    asked = query(list(cells_around(sighting, 50)), now.replace(hour=0), now)
    plan = await world.database["reports"].find(asked).explain()
    winning = json.dumps(plan["queryPlanner"]["winningPlan"], default=str)
    assert '"IXSCAN"' in winning
    assert '"COLLSCAN"' not in winning
    assert "s.near_1_s.at_1" in winning
    assert plan["executionStats"]["totalKeysExamined"] < 50


async def test_personal_data_is_sealed_and_nowhere_else(world: World) -> None:
    """The contact opens for the case, the vault's document for its reference; nothing legible is stored or told."""
    who = {"name": "欧阳某某", "phone": "13900001234", "identity_number": "620802199001011234"}
    await world.send(near("V-1", reporter=who, text="我是欧阳某某，13900001234"))
    record = await world.told("V-1")
    event = data(record)
    vault = Vault.load(world.secrets / "vault.keys")
    contact = Reporter.model_validate_json(vault.open(event["contact"], event["case_id"]))
    assert (contact.name, contact.phone, contact.identity_number) == ("欧阳某某", "+8613900001234", None)
    kept = await world.database["vault"].find_one({"_id": event["reporter_ref"]})
    assert kept is not None
    assert json.loads(vault.open(kept["sealed"], kept["_id"]))["reporter"]["identity_number"] == "620802199001011234"
    stored = await world.database["reports"].find_one({"_id": f"{D}/grid-app/V-1"})
    shown = record.value.decode() + str(kept) + str(stored)
    assert not [secret for secret in ("欧阳某某", "13900001234", "620802199001011234") if secret in shown]


async def test_a_person_is_erased_when_the_centre_asks(world: World) -> None:
    """Before the command is told to the notifier; by the case, or one reporter only; others of the case stay."""
    vault = world.database["vault"]
    for name in ("W-1", "W-2", "W-3"):
        await world.send(near(name, location=at(0.0171), category="P01023", text="井盖丢了"))
        await world.told(name)
    events = [data(await world.told(name)) for name in ("W-1", "W-2", "W-3")]
    case, references = events[0]["case_id"], [event["reporter_ref"] for event in events]
    assert {event["case_id"] for event in events} == {case}
    erase = {"case_id": case, "reason": "本人申请"}
    await world.send(command("reporter.erase", **erase, reporter_ref=references[1], note="W-4"), "centre")
    await world.heard(Topic.COMMANDS, 1, lambda event: event.get("note") == "W-4")
    assert [await vault.count_documents({"_id": one}) for one in references] == [1, 0, 1]
    await world.send(command("reporter.erase", **erase, note="W-5"), "centre")
    await world.heard(Topic.COMMANDS, 1, lambda event: event.get("note") == "W-5")
    assert await vault.count_documents({"_id": {"$in": references}}) == 0
    await world.send(command("reporter.erase", **erase, note="W-6"), "housing")
    assert (await world.refused("W-6"))["error"] == "forbidden"


async def test_what_has_been_kept_long_enough_is_forgotten(world: World) -> None:
    """By the district's retention: personal data after one time, the ids of reports after another."""
    await world.send(near("G-1"))
    reference = data(await world.told("G-1"))["reporter_ref"]
    clock = ManualClock(wall_clock())
    metrics = IntakeMetrics.create(CollectorRegistry())
    retention = Retention(AggregateStore[ReportState](world.database, "reports", ReportState), clock, metrics)
    short = profile(D, WEST[D]).model_copy(update={"retention": KEPT})

    async def kept() -> tuple[int, int]:
        reports = await world.database["reports"].count_documents({"_id": f"{D}/grid-app/G-1"})
        return reports, await world.database["vault"].count_documents({"_id": reference})

    for days, left in ((0, (1, 1)), (3, (0, 1)), (6, (0, 0))):
        clock.instant = wall_clock() + timedelta(days=days)
        await retention.sweep([short])
        assert await kept() == left
    assert {what: metrics.forgotten.labels(what)._value.get() > 0 for what in ("reports", "vault", "erased")} == {
        "reports": True,
        "vault": True,
        "erased": False,
    }


async def test_a_report_without_a_district_is_found(world: World) -> None:
    """By its position in one of them; where nothing says where, it is a dead letter of nobody's district."""
    order = {"工单编号": "U-1", "诉求内容": "门口有垃圾", "诉求类别": "垃圾", "坐标系": "wgs84"}
    await world.send({**order, "经度": WEST[E] + 0.005, "纬度": 35.545}, "hotline", "000000")
    event = data(await world.told("U-1", E))
    assert (event["district"], event["grid"], event["precision"]) == (E, f"{E}001001001", "polygon")
    assert await world.database["pins"].find_one({"_id": "hotline/U-1", "district": E})
    await world.send({**order, "工单编号": "U-2", "诉求内容": "U-2 不知何处"}, "hotline", "000000")
    assert (await world.refused("U-2", "000000"))["error"] == "unknown-district"


async def test_commands_pass_or_are_refused_by_their_topic(world: World) -> None:
    """With the actor of the topic, on the topic of the case's district; what is not allowed is a dead letter."""
    case = f"{D}-260701-aaaaaaaa"
    await world.send(command(type=None, case_id=case, ok=True, note="C-1"), headers=binary(VerifyCase.type, "c-1"))
    (passed,) = await world.heard(Topic.COMMANDS, 1, lambda event: event.get("note") == "C-1")
    assert (header(passed, "ce_type"), passed.key.decode()) == (VerifyCase.type, case)
    assert data(passed)["actor"] == {"partner": "grid-app", "kind": "grid_app"}
    await world.send(command("case.withdraw", case_id=case, reason="C-2"))
    assert (await world.refused("C-2"))["error"] == "forbidden"
    await world.send(command("case.verify", case_id=f"{E}-260701-aaaaaaaa", ok=True, note="C-3"))
    assert (await world.refused("C-3"))["error"] == "forbidden"
    await world.send(command("case.verify", case_id=case, note="C-4"))
    assert "ok: Field required" in (await world.refused("C-4"))["message"]
    await world.send(near("C-5"), "stranger")
    assert (await world.refused("C-5"))["error"] == "unknown-partner"


async def test_http_answers_as_the_contract_says(world: World) -> None:
    """202 with the ids once it is on the bus, and then it comes out like any other report."""
    async with httpx.AsyncClient(base_url=world.url) as client:

        async def post(path: str, content: Any, key: str | None) -> httpx.Response:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            body = content if isinstance(content, bytes) else to_json(content)
            return await client.post(path, content=body, headers=headers)

        answer = await post("/v1/reports", [near("H-1"), near("H-2")], "app")
        assert (answer.status_code, answer.json()) == (202, {"ids": ["H-1", "H-2"]})
        assert data(await world.told("H-2"))["partner"] == "grid-app"
        task = command("task.accept", case_id=f"{D}-260701-aaaaaaaa", task_id="t", note="H-3")
        assert (await post("/v1/commands", task, "housing")).status_code == 202
        await world.heard(Topic.COMMANDS, 1, lambda event: event.get("note") == "H-3")
        wrong = await post("/v1/reports", near("H-4", severity=9, people=-1), "app")
        assert (wrong.status_code, len(wrong.text.splitlines())) == (400, 2)
        assert (await post("/v1/reports", b"{", "app")).status_code == 400
        assert (await post("/v1/reports", near("H-5"), None)).status_code == 401
        assert (await post("/v1/commands", task, "app")).status_code == 403
        assert (await post("/v1/reports", near("H-6"), "gone")).status_code == 403
        assert (await post("/v1/reports", b" " * 1_100_000, "app")).status_code == 413
        assert (await client.get("/v1/reports")).status_code == 405
        flood = [
            (await post("/v1/reports", [near(f"H-{n}-{m}") for m in range(15)], "line")).status_code for n in range(2)
        ]
        assert 429 in flood


async def test_its_figures_add_up(world: World) -> None:
    """Submitted = accepted + merged + duplicate + conflict + rejected, by partner, as Prometheus reads them."""
    await world.send(near("M-1"))
    await world.told("M-1")
    async with httpx.AsyncClient(base_url=world.url) as client:
        text = (await client.get("/metrics")).text
    assert (await httpx.AsyncClient(base_url=world.url).get("/readyz")).status_code == 200
    series = [line for line in text.splitlines() if line.startswith("gridwhistle_intake_reports_total{")]
    mine = {
        line.partition('outcome="')[2].partition('"')[0]: float(line.split()[-1])
        for line in series
        if f'"{D}"' in line and '"grid-app"' in line
    }
    assert set(mine) == {"accepted", "merged", "duplicate", "conflict", "rejected"}
    assert all(mine.values())
    assert Report.type not in text

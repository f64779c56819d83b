"""`gridwhistle kpi` on the running system: what it says, that it says it again, and that Prometheus says the same."""

from __future__ import annotations

import json
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from deploy.figures.reading import Archive
from deploy.local import LocalStack
from shared.contracts.base import format_instant
from shared.contracts.topics import Topic, inbound_name, topic_name
from shared.infra.clock import SystemClock, wall_clock
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.ledger import COLLECTION
from shared.infra.mongo import connect
from tests.support.bus import Bus, open_bus, until
from tests.support.cli import Cli
from tests.support.model.place import district
from tests.support.shown import by_ledger, by_prometheus
from tests.support.staged import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISTRICT, EMPTY = "629310", "629311"
LON, LAT = 106.6651, 35.5428
HERE = {"lon": LON, "lat": LAT, "datum": "wgs84"}
PARTNERS = ("grid-app", "hotline", "housing", "police")
PHOTO = {"url": "https://media.example.invalid/1.jpg", "mime": "image/jpeg"}


@dataclass(slots=True)
class Centre:
    """A district, who speaks in it, and who asks for its figures."""

    stack: LocalStack
    bus: Bus
    cli: Cli
    client: Any

    async def send(self, partner: str, **said: Any) -> None:
        """Let a partner say something."""
        await self.bus.send(inbound_name(DISTRICT, partner), json.dumps(said).encode(), said.get("case_id"))

    async def report(self, number: int, **more: Any) -> None:
        """Report something that resembles nothing else."""
        text = f"第{number}号楼前垃圾无人清运"
        await self.send("grid-app", report_id=f"K-{number}", category="E06010", text=text, **more)

    async def do(self, case: str, name: str, *, ago: timedelta = timedelta(0), **more: Any) -> None:
        """Let housing do something about its task, some time ago."""
        at = format_instant(wall_clock() - ago)
        said = {"case_id": case, "task_id": f"{case}/housing#1", "occurred_at": at, **more}
        await self.send("housing", type=f"gridwhistle.{name}.v1", **said)

    async def kpi(self, *options: str) -> dict[str, Any]:
        """Ask, and expect an answer."""
        told: dict[str, Any] = await self.cli.json("kpi", "--district", DISTRICT, *options)
        return told

    async def figure(self, name: str) -> dict[str, Any]:
        """Return one figure as it stands now."""
        found: dict[str, Any] = (await self.kpi())["figures"][name]
        return found

    async def cases(self) -> list[str]:
        """Return the cases in the order of their reports."""
        found = self.client["gw_router"]["cases"].find({"_id": {"$regex": f"^{DISTRICT}"}}, {"s.report_id": 1})
        return [one["_id"] for one in sorted([one async for one in found], key=lambda one: one["s"]["report_id"])]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def centre(stack: LocalStack) -> AsyncIterator[Centre]:
    """A district of its own in which three reports came in and one department worked; another in which nothing did."""
    client = connect(stack.mongo_url)
    async with open_bus(stack.bootstrap) as bus:
        profiles = ProfileStore(client[DATABASE])
        for code in (DISTRICT, EMPTY):
            await profiles.apply(district("plain", code).at_version(0), wall_clock())
        internal = [topic_name(DISTRICT, suffix) for suffix in Topic]
        await bus.create(*internal, *(inbound_name(DISTRICT, one) for one in PARTNERS), partitions=1)
        made = Centre(stack, bus, Cli(stack.bootstrap, stack.env), client)
        for number in (1, 2, 3):
            await made.report(number, location=HERE if number == 3 else None)
        await made.report(3, location=HERE)
        await made.send("grid-app", report_id="K-4", category="E06010", text="第3号楼前垃圾无人清运", location=HERE)
        await until(lambda: _counts(made, "reports", {"opened": 3, "merged": 1}), 40, "four reports")
        await until(lambda: _counts(made, "cases", {"open": 3}), 40, "three cases in the router's part of the ledger")
        yield made
    client.close()


async def _counts(centre: Centre, name: str, parts: dict[str, int]) -> bool:
    return bool((await centre.figure(name))["parts"] == parts)


async def test_what_was_recorded_later_never_changes_an_answer(centre: Centre) -> None:
    """Byte for byte, whole, divided and listed, however long ago the later events say that they happened."""
    asked = await centre.kpi()
    then = ("--as-of", asked["as_of"])
    questions = (then, (*then, "--by", "department"), (*then, "--by", "day"), (*then, "--list", "closing_rate"))
    before = [json.dumps(await centre.kpi(*one)) for one in questions]
    first, second, third = await centre.cases()
    await centre.do(first, "task.complete", ago=timedelta(hours=1), evidence=[PHOTO])
    await centre.do(second, "task.complete", evidence=[PHOTO])
    await centre.do(third, "task.return", reason="not ours")
    await centre.report(5, occurred_at=format_instant(wall_clock() - timedelta(hours=2)))
    await until(lambda: _counts(centre, "cases", {"closed": 2, "open": 2}), 30, "two closings and a report")
    assert [json.dumps(await centre.kpi(*one)) for one in questions] == before
    assert asked["figures"]["cases"] == {"count": 3, "parts": {"open": 3}}
    now = (await centre.kpi())["figures"]
    assert (now["closing_rate"]["n"], now["closing_rate"]["of"], now["closing_rate"]["rate"]) == (2, 4, 0.5)
    assert (now["refusals"]["n"], now["handling_time"]["count"]) == (1, 2)


async def test_prometheus_shows_the_same(centre: Centre) -> None:
    """What the services have counted since they started is what their ledgers say."""
    await until(lambda: _the_same(centre), 20, "the same figures")


async def _the_same(centre: Centre) -> bool:
    archive = Archive(centre.client, SystemClock())
    shown = by_prometheus(await counted(centre.stack, DISTRICT))
    return by_ledger(await archive.book(DISTRICT, await archive.now())) == shown and shown["delivered"] > 0


async def test_every_figure_opens_the_cases_behind_it(centre: Centre) -> None:
    """As many as the figure counts, and each a case of the district."""
    whole, cases = await centre.kpi(), await centre.cases()
    for name, figure in whole["figures"].items():
        listed = (await centre.kpi("--as-of", whole["as_of"], "--list", name))["items"]
        assert len(listed) == figure.get("of", figure.get("count")), name
        assert sum(one["counts"] for one in listed) == figure.get("n", len(listed)), name
        assert {one["case_id"] for one in listed} <= set(cases), name


async def test_days_are_the_districts_own(centre: Centre) -> None:
    """And the groups of every division add up to the whole."""
    whole = await centre.kpi()
    for by in ("department", "township", "grid", "category", "source", "day"):
        divided = (await centre.kpi("--as-of", whole["as_of"], "--by", by))["figures"]
        for name, figure in whole["figures"].items():
            of = [one.get("of", one.get("count")) for one in divided[name].values()]
            assert sum(of) == figure.get("of", figure.get("count")), (by, name)
    days = (await centre.kpi("--as-of", whole["as_of"], "--by", "day"))["figures"]["cases"]
    zone = district("plain").zone
    opened = centre.client["gw_router"]["cases"].find({"_id": {"$regex": f"^{DISTRICT}"}}, {"s.opened_at": 1})
    local = Counter([one["s"]["opened_at"].astimezone(zone).date().isoformat() async for one in opened])
    assert {day: one["count"] for day, one in days.items()} == local


async def test_the_ledger_holds_no_words_and_nobodys_name(centre: Centre) -> None:
    """Neither a report's text nor who reported nor a recipient's role: codes, instants and numbers."""
    for service in ("intake", "router", "escalation", "notifier"):
        pages = [one async for one in centre.client[f"gw_{service}"][COLLECTION].find({"d": DISTRICT})]
        written = json.dumps([zlib_text(one["b"]) for one in pages])
        assert pages, service
        assert not any(word in written for word in ("垃圾", "duty_officer", "106.66", "reporter/"))


def zlib_text(page: bytes) -> str:
    """Return a page as it was written."""
    return zlib.decompress(page).decode()


async def test_check_names_the_case_that_services_or_ledger_do_not_agree_about(centre: Centre) -> None:
    """All is well; then the router's closed case is open at escalation."""
    check = ("check", "--json", "--district", DISTRICT)
    assert (await centre.cli.run(*check)).exit_code == 0
    first, *_ = await centre.cases()
    timed = centre.client["gw_escalation"]["cases"]
    await timed.update_one({"_id": first}, {"$set": {"s.phase": "open"}})
    told = await centre.cli.run(*check, "--patience", "0")
    await timed.update_one({"_id": first}, {"$set": {"s.phase": "closed"}})
    assert told.exit_code == 1
    assert json.loads(told.stdout)["wrong"] == [f"Case {first} is closed at the router and open at escalation."]


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (("--district", "629399"), 1, "District 629399 is not known here"),
        (("--district", "62931"), 2, "is not a district"),
        (("--district", EMPTY), 0, "Nothing had been recorded of 629311 by then."),
        (("--district", DISTRICT, "--as-of", "2001-01-01"), 0, "by then; the first thing was at 20"),
        (("--district", DISTRICT, "--as-of", "2999-01-01"), 2, "still to come"),
        (("--district", DISTRICT, "--as-of", "yesterday"), 2, "is no instant"),
        (("--district", DISTRICT, "--list", "luck"), 2, "there is no 'luck'; there are: reports, cases"),
    ],
)
async def test_a_question_without_figures_has_a_clear_answer(
    centre: Centre, options: tuple[str, ...], status: int, sentence: str
) -> None:
    """An exit status and a sentence."""
    result = await centre.cli.run("kpi", *options)
    assert result.exit_code == status, result.output
    assert sentence in " ".join(result.output.replace("│", " ").split())


async def test_people_get_rates_with_their_numbers_and_definitions(centre: Centre) -> None:
    """In both languages."""
    whole = await centre.cli.run("kpi", "--district", DISTRICT, "--explain")
    assert "50.00%  2 of 4" in whole.stdout
    assert "办结率" in whole.stdout
    assert "Closed cases, of all that were not withdrawn" in " ".join(whole.stdout.replace("│", " ").split())
    listed = await centre.cli.run("kpi", "--district", DISTRICT, "--list", "refusals")
    assert (await centre.cases())[2] in listed.stdout


async def test_now_is_the_same_in_every_zone(infra: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver tells the database's time without a zone; here it is read where that would be eight hours off."""
    client = connect(infra.mongo_url)
    try:
        with monkeypatch.context() as there:
            there.setenv("TZ", "Asia/Shanghai")
            time.tzset()
            said = await Archive(client, SystemClock()).now()
        assert abs(said - wall_clock()) < timedelta(minutes=1)
    finally:
        time.tzset()
        client.close()

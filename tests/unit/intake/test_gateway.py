"""HTTP: every answer of the contract, and nothing published that was not answered with 202."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.intake.adapters.gateway import Gateway
from services.intake.adapters.keys import KeyFile
from services.intake.domain.reading import Kind, read_message
from services.intake.domain.throttle import Throttle
from services.intake.metrics import ROUTES, IntakeMetrics
from shared.decision import Transient
from shared.infra.clock import ManualClock
from shared.infra.engine.outbox import Outgoing
from shared.infra.sealed_records import opened
from tests.unit.intake.world import CASE, DESK, DISTRICT, NOW, OTHER, VAULT, command, report, to_json

BURST = 20
KEYS = {
    "app-key": ("grid-app", DISTRICT),
    "housing-key": ("housing", DISTRICT),
    "centre-key": ("centre", "*"),
    "line-key": ("hotline", "*"),
    "http-key": ("gateway", DISTRICT),
    "gone-key": ("stranger", DISTRICT),
}


@dataclass(slots=True)
class Bus:
    """A publisher that remembers, or is away, or never answers."""

    sent: list[Outgoing] = field(default_factory=list)
    away: bool = False
    silent: bool = False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Take the records, or do not."""
        if self.silent:
            await asyncio.Event().wait()
        if self.away:
            raise Transient("the broker is away")
        self.sent += records


@dataclass(slots=True)
class Web:
    """A client, and what came of its requests."""

    client: httpx.AsyncClient
    bus: Bus
    metrics: IntakeMetrics
    keys: Path

    async def post(self, path: str, content: Any, key: str = "app-key", **headers: str) -> httpx.Response:
        """Send JSON (or bytes as they are) under a key."""
        body = content if isinstance(content, bytes) else to_json(content)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, content=body, headers={"Authorization": f"Bearer {key}", **named})


def write_keys(path: Path, keys: dict[str, tuple[str, str]]) -> None:
    """Write the file of digests."""
    lines = (f"{partner} {district} {sha256(key.encode()).hexdigest()}\n" for key, (partner, district) in keys.items())
    path.write_text("# keys\n\nnot a line\nx y zz\n" + "".join(lines))


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    """Give both routes on a bus that remembers."""
    bus, metrics = Bus(), IntakeMetrics.create(CollectorRegistry())
    path = tmp_path / "http.keys"
    write_keys(path, KEYS)
    file, throttle = KeyFile(path), Throttle(0.001, BURST)
    routes = {
        route: Gateway(route, kind, lambda: DESK, file, throttle, bus, ManualClock(NOW), metrics, 0.2, 0.2, VAULT)
        for route, kind in zip(ROUTES, (Kind.REPORT, Kind.COMMAND), strict=True)
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await routes[scope["path"]](scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake") as client:
        yield Web(client, bus, metrics, path)


async def test_a_report_is_answered_once_the_broker_has_it(web: Web) -> None:
    """On the partner's own topic, keyed by its id, as a CloudEvent that intake alone can read."""
    answer = await web.post("/v1/reports", report())
    assert (answer.status_code, answer.json()) == (202, {"ids": ["A-1"]})
    (sent,) = web.bus.sent
    assert (sent.topic, sent.key) == (f"gw.{DISTRICT}.in.grid-app", b"A-1")
    assert b"13800000000" not in sent.value
    found = opened(VAULT, sent.topic, sent.value, sent.headers)
    message = read_message(found.headers, found.value)
    assert (message.kind, message.payload, message.id) == (Kind.REPORT, report(), "A-1")


async def test_a_clients_trace_goes_on_with_its_report(web: Web) -> None:
    """As the header of the record, read by intake like that of a partner on the bus; what is no trace is left out."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await web.post("/v1/reports", report(), traceparent=trace)
    await web.post("/v1/reports", report(), traceparent="13800000000")
    read = [opened(VAULT, one.topic, one.value, one.headers) for one in web.bus.sent]
    assert [read_message(one.headers, one.value).traceparent for one in read] == [trace, None]
    assert [dict(one.headers).get("ce_traceparent") for one in web.bus.sent] == [trace.encode(), None]


async def test_an_array_is_taken_whole(web: Web) -> None:
    """Ids in the same order."""
    answer = await web.post("/v1/reports", [report(report_id=f"A-{number}") for number in range(3)])
    assert answer.json() == {"ids": ["A-0", "A-1", "A-2"]}
    assert len(web.bus.sent) == 3


async def test_a_command_is_answered_with_its_id(web: Web) -> None:
    """Keyed by its case; the same content again is the same command, and so is the same Idempotency-Key."""
    body = command("task.accept", task_id="t")
    first, again = [(await web.post("/v1/commands", body, "housing-key")).json()["ids"] for _ in range(2)]
    other = (await web.post("/v1/commands", command("task.accept", task_id="u"), "housing-key")).json()["ids"]
    assert first == again != other
    keyed = [
        (
            await web.post("/v1/commands", command("task.accept", task_id=task), "housing-key", Idempotency_Key="k")
        ).json()
        for task in ("t", "u")
    ]
    assert keyed[0] == keyed[1]
    assert {(one.topic, one.key) for one in web.bus.sent} == {(f"gw.{DISTRICT}.in.housing", CASE.encode())}


async def test_the_district_is_the_keys_or_the_one_named(web: Web) -> None:
    """A key for every district may name one; else the report goes where its district is yet to be found."""
    assert (
        await web.post("/v1/reports", {"工单编号": "1", "诉求内容": "垃圾", "district": OTHER}, "line-key")
    ).is_success
    assert (await web.post("/v1/reports", {"工单编号": "2", "诉求内容": "崆峒区垃圾"}, "line-key")).is_success
    assert (await web.post("/v1/commands", command("case.withdraw", reason="r"), "centre-key")).is_success
    assert [one.topic for one in web.bus.sent] == [
        f"gw.{OTHER}.in.hotline",
        "gw.000000.in.hotline",
        f"gw.{DISTRICT}.in.centre",
    ]
    first = web.bus.sent[0]
    assert "district" not in json.loads(opened(VAULT, first.topic, first.value, first.headers).value)


@pytest.mark.parametrize(
    ("path", "content", "key", "status", "line"),
    [
        ("/v1/reports", b"no json", "app-key", 400, "not JSON"),
        ("/v1/reports", b"7", "app-key", 400, "not an object"),
        ("/v1/reports", [], "app-key", 400, "1 to 1000"),
        ("/v1/reports", {"report_id": "A"}, "app-key", 400, "needs a text or a category"),
        ("/v1/reports", report(severity=9, people=-1), "app-key", 400, "severity: "),
        ("/v1/reports", report(occurred_at="gleich"), "app-key", 400, "occurred_at: "),
        ("/v1/reports", report(category="Z9", text=None), "app-key", 400, "no category"),
        ("/v1/reports", command(), "app-key", 400, "/v1/commands"),
        ("/v1/reports", [report(), report(severity=9)], "app-key", 400, "item 2: severity: "),
        ("/v1/reports", {"工单编号": "1", "诉求内容": "某地"}, "line-key", 400, "which district"),
        ("/v1/reports", report(district="110101"), "line-key", 400, "110101"),
        ("/v1/reports", report(), "wrong", 401, "API key"),
        ("/v1/reports", report(), "", 401, "API key"),
        ("/v1/reports", report(district=OTHER), "app-key", 403, "does not hold"),
        ("/v1/reports", report(), "http-key", 403, "may not send reports"),
        ("/v1/reports", report(), "gone-key", 403, "no partner"),
        ("/v1/reports", b" " * (1024 * 1024 + 1), "app-key", 413, "1048576"),
        ("/v1/reports", report(attributes={"x": "y" * 1_020_000}), "app-key", 413, "bytes"),
        ("/v1/commands", report(), "app-key", 400, "no command"),
        ("/v1/commands", command("task.accept"), "housing-key", 400, "task_id: "),
        ("/v1/commands", command("task.praise"), "housing-key", 400, "neither a report nor a command"),
        ("/v1/commands", command("case.withdraw", reason="r"), "app-key", 403, "may not give"),
        ("/v1/commands", command("case.verify", ok=True, case_id="620171-260701-aaaaaaaa"), "app-key", 403, "not hold"),
        ("/v1/commands", command("task.accept", task_id="t", floor="x" * 300_000), "housing-key", 413, "bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_wrong_is_answered(web: Web, path: str, content: Any, key: str, status: int, line: str) -> None:
    """The status of the contract, a line for each wrong field, and nothing on the bus."""
    answer = await web.post(path, content, key)
    assert answer.status_code == status, answer.text
    assert line in answer.text
    assert web.bus.sent == []
    assert web.metrics.requests.labels(path, str(status))._value.get() == 1


async def test_every_wrong_field_has_its_line(web: Web) -> None:
    """So that a partner can mend all of them at once."""
    answer = await web.post("/v1/reports", report(severity=9, people=-1, location={"lon": 106.6, "lat": 999}))
    assert [line.partition(":")[0] for line in answer.text.splitlines()] == ["location.lat", "severity", "people"]
    assert answer.headers["content-type"].startswith("text/plain")


async def test_only_post_is_answered(web: Web) -> None:
    """405 says what is."""
    answer = await web.client.get("/v1/reports")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("trouble", ["away", "silent"])
async def test_without_acknowledgement_there_is_no_202(web: Web, trouble: str) -> None:
    """503 says when to try again; a broker that does not answer is not waited for without end."""
    setattr(web.bus, trouble, True)
    answer = await web.post("/v1/reports", report())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_one_key_may_not_take_all(web: Web) -> None:
    """429 for who sends too much at once, by the number of messages; others go on."""
    assert (await web.post("/v1/reports", [report(report_id=str(n)) for n in range(BURST)])).status_code == 202
    answer = await web.post("/v1/reports", report())
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert (await web.post("/v1/commands", command("task.accept", task_id="t"), "housing-key")).status_code == 202


async def test_a_key_taken_back_is_of_no_use_at_once(web: Web) -> None:
    """The file is read again when it changes; one that cannot be read leaves the keys as they were."""
    assert (await web.post("/v1/reports", report())).status_code == 202
    write_keys(web.keys, {"new-key": ("grid-app", DISTRICT)})
    assert (await web.post("/v1/reports", report())).status_code == 401
    assert (await web.post("/v1/reports", report(), "new-key")).status_code == 202
    web.keys.unlink()
    assert (await web.post("/v1/reports", report(), "new-key")).status_code == 202


async def test_without_a_file_nobody_gets_in() -> None:
    """Closed unless opened."""
    assert KeyFile(None).find("app-key") is None


async def test_a_key_with_several_districts_names_one(web: Web) -> None:
    """The same key may have a line for each of its districts."""
    write_keys(web.keys, {"k": ("hotline", DISTRICT)})
    digest = sha256(b"k").hexdigest()
    web.keys.write_text(web.keys.read_text() + f"hotline {OTHER} {digest}\n")
    order = {"工单编号": "1", "诉求内容": "崆峒区垃圾"}
    assert (await web.post("/v1/reports", order, "k")).status_code == 202
    assert (await web.post("/v1/reports", {**order, "district": OTHER}, "k")).status_code == 202
    assert (await web.post("/v1/reports", {**order, "district": "110101"}, "k")).status_code == 403
    assert [one.topic for one in web.bus.sent] == ["gw.000000.in.hotline", f"gw.{OTHER}.in.hotline"]


def test_a_bucket_fills_again() -> None:
    """At its rate, and never over its brim; who asks for more than it holds gets a full one."""
    throttle = Throttle(rate=2, burst=10)
    assert throttle.take("a", 10, 0.0) == 0
    assert throttle.take("a", 4, 1.0) == 1.0
    assert throttle.take("b", 4, 1.0) == 0
    assert throttle.take("a", 4, 2.0) == 0
    assert throttle.take("a", 100, 4.0) > 0
    assert throttle.take("a", 100, 60.0) == 0

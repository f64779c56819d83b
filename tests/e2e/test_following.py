"""Following one report through all four services: by its trace in a collector, by its case in the logs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import LocalStack
from deploy.local.config import FLOW, STATE
from shared.contracts.base import format_instant
from shared.contracts.topics import inbound_name
from shared.infra.clock import wall_clock
from tests.support.bus import data, header, open_bus, until
from tests.support.otlp import Collector, Told, collector
from tests.support.stack import chosen_broker, stack_config

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(chosen_broker() == "kafka", reason="traces and logs do not depend on the broker"),
]

DISTRICT = "620802"
TRACE, PARTNERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NAME, PHONE = "欧阳某甲", "13987654321"
STEPS = ["receive", "decide", "write", "publish"]


@dataclass(frozen=True, slots=True)
class Followed:
    """One report that has been told to somebody, and what was seen of it."""

    collector: Collector
    case: str
    headers: dict[str, str]
    lines: dict[str, list[dict[str, Any]]]
    logs: str

    def chain(self) -> dict[str, Told]:
        """Return by id the spans of the report's trace."""
        return {span.id: span for span in self.collector.of(TRACE)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def followed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Followed]:
    """Send one report with a partner's trace into a stack that traces and writes decisions down."""
    with collector() as receiver:
        env = {"GW_TRACES_URL": receiver.url, "GW_LOG_LEVEL": "debug"}
        config = stack_config(tmp_path_factory.mktemp("followed"))
        config = config.model_copy(update={"districts": (DISTRICT,), "cache": STATE, "env": env, "partitions": 1})
        async with LocalStack(config) as stack, open_bus(stack.bootstrap) as bus:
            await bus.send(inbound_name(DISTRICT, "grid-app"), _report(), "a", _headers())
            topic = f"gw.{DISTRICT}.notifications"
            told = await bus.read([topic], lambda seen: any("delivered" in header(one, "ce_type") for one in seen))
            delivered = next(one for one in told if "delivered" in header(one, "ce_type"))
            await until(lambda: _way(receiver), 30, "the spans up to the notice of the whistle")
            headers = {name: value.decode() for name, value in delivered.headers}
            case = data(delivered)["case_id"]
            yield Followed(receiver, case, headers, *_logs(config.logs, case))


def _report() -> bytes:
    report = {"report_id": "followed-1", "occurred_at": format_instant(wall_clock()), "category": "L01001"}
    people = {"text": f"我叫{NAME}，电话{PHONE}，三楼冒烟了", "reporter": {"name": NAME, "phone": PHONE}}
    return json.dumps({**report, **people, "severity": 1}, ensure_ascii=False).encode()


def _headers() -> list[tuple[str, bytes]]:
    return [("traceparent", f"00-{TRACE}-{PARTNERS_SPAN}-00".encode())]


def _logs(folder: Path, case: str) -> tuple[dict[str, list[dict[str, Any]]], str]:
    texts = {name: (folder / f"{name}.log").read_text(encoding="utf-8") for name in FLOW}
    lines = {
        name: [json.loads(line) for line in text.splitlines() if line.startswith("{") and case in line]
        for name, text in texts.items()
    }
    return lines, "".join(texts.values())


def _way(receiver: Collector) -> list[Told]:
    """Return the spans from a partner's to a delivery that came by escalation, none if not all are there yet."""
    spans = {span.id: span for span in receiver.of(TRACE)}
    for one in (span for span in spans.values() if span.name == "deliver"):
        way = [one]
        while way[0].parent in spans:
            way.insert(0, spans[way[0].parent])
        if len({span.service for span in way}) == len(FLOW) and way[0].parent == PARTNERS_SPAN:
            return way
    return []


async def test_one_report_is_one_trace_through_all_services(followed: Followed) -> None:
    """A fire blows the whistle: its notice hangs on the hop whose event it tells, and so on up to the partner."""
    way = _way(followed.collector)
    assert [f"{span.service}: {span.name}" for span in way] == [
        "intake: intake submission",
        "router: router report.accepted",
        "escalation: escalation case.opened",
        "notifier: notifier team.summoned",
        "notifier: deliver",
    ]
    assert way[0].parent == PARTNERS_SPAN


async def test_every_hop_tells_its_steps_and_its_case(followed: Followed) -> None:
    """Receive, decide, write, publish follow each other inside the hop; what a person wrote is nowhere."""
    spans = followed.chain()
    hops = [span for span in spans.values() if span.attributes.get("gridwhistle.reason")]
    assert {span.service for span in hops} == set(FLOW)
    for hop in hops:
        steps = sorted((one for one in spans.values() if one.parent == hop.id and one.name in STEPS), key=_begin)
        assert [one.name for one in steps] in (STEPS, STEPS[:3]), hop
        assert hop.begin == steps[0].begin
        assert hop.end >= steps[-1].end
        assert hop.attributes["gridwhistle.case_id"] == followed.case
    said = json.dumps([span.attributes for span in followed.collector.spans], ensure_ascii=False)
    assert NAME not in said
    assert PHONE not in said


async def test_events_carry_the_trace_in_their_headers_alone(followed: Followed) -> None:
    """The last event of the chain names its trace, and the span of the notifier that published it."""
    version, trace, span, flags = followed.headers["ce_traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert followed.chain()[span].service == "notifier"


async def test_the_logs_of_all_services_tell_one_reports_way_by_its_case(followed: Followed) -> None:
    """Every line about the case has case, event, district and trace; the record links one service to another."""
    for name in FLOW:
        assert followed.lines[name], f"{name} says nothing of {followed.case}"
        for line in followed.lines[name]:
            assert {"case_id", "event_id", "district", "trace_id", "service", "event"} <= line.keys(), line
            assert (line["case_id"], line["district"], line["service"]) == (followed.case, DISTRICT, name)
    first = {name: followed.lines[name][0] for name in FLOW}
    assert first["intake"]["told"] == ["report.accepted"]
    assert {first[name]["trace_id"] for name in FLOW} == {TRACE}
    assert NAME not in followed.logs
    assert PHONE not in followed.logs


async def test_without_an_address_nothing_of_opentelemetry_is_imported() -> None:
    """Off costs nothing: no memory, no thread, and the engine is not wrapped."""
    asked = (
        f"import sys, {', '.join(f'services.{name}.main' for name in FLOW)}\n"
        "from shared.infra.following import follow\nfrom shared.infra.settings import ServiceSettings\n"
        "untouched = object()\n"
        "assert follow(ServiceSettings(), 'router', [untouched]) is None\n"
        "sys.exit(not {'opentelemetry.sdk', 'opentelemetry.trace', 'google.protobuf'}.isdisjoint(sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked, env={**os.environ, "GW_TRACES_URL": ""})
    assert await process.wait() == 0


def _begin(span: Told) -> tuple[int, int]:
    return span.begin, span.end

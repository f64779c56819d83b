"""topics, send, watch and dead-letters against a real broker."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.kafka.streams import INBOUND, settings_of
from deploy.local import LocalStack
from shared.contracts.topics import Topic, inbound_name, topic_name
from tests.support.bus import Bus, data, header, open_bus, until
from tests.support.cli import Cli

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

GOLDEN = Path(__file__).parents[1] / "contract" / "golden"
REPORT = {"report_id": "A-1", "category": "E06010", "text": "解放中路社区3号楼旁暴露垃圾"}


@pytest.fixture
def cli(infra: LocalStack) -> Cli:
    """Give the command line on the shared broker."""
    return Cli(infra.bootstrap)


@pytest_asyncio.fixture(loop_scope="session")
async def bus(infra: LocalStack) -> AsyncIterator[Bus]:
    """Give direct access to the same broker."""
    async with open_bus(infra.bootstrap) as opened:
        yield opened


async def prepare(cli: Cli, district: str) -> None:
    """Create the topics of a district of the test's own, with two partners."""
    await cli.json("topics", "apply", "--district", district, "--partner", "grid-app", "--partner", "housing")


async def test_topics_are_created_once_and_then_left_alone(cli: Cli) -> None:
    """A second apply, and one with a partner more, touch nothing that is right."""
    apply = ("topics", "apply", "--district", "990101", "--partitions", "2")
    first = await cli.json(*apply, "--partner", "grid-app")
    second = await cli.json(*apply, "--partner", "grid-app", "--partner", "housing")
    made = {one["name"] for one in first["topics"] if one["state"] == "created"}
    assert {name for name in made if "990101" in name} == {
        inbound_name("990101", "grid-app"),
        *(topic_name("990101", suffix) for suffix in ("cases", "commands", "dead-letters", "escalations")),
        *(topic_name("990101", suffix) for suffix in ("incidents", "notifications")),
    }
    assert [one["name"] for one in second["topics"] if one["state"] == "created" and "990101" in one["name"]] == [
        inbound_name("990101", "housing")
    ]
    assert {one["partitions"] for one in second["topics"] if "990101" in one["name"]} == {2}


async def test_a_dry_run_creates_nothing(cli: Cli) -> None:
    """It shows what is missing, however often."""
    dry = ("topics", "apply", "--district", "990102", "--partner", "grid-app", "--dry-run")
    for _ in range(2):
        found = await cli.json(*dry)
        states = {one["state"] for one in found["topics"] if "990102" in one["name"]}
        assert states == {"missing"}


async def test_another_number_of_partitions_is_told_and_not_made(cli: Cli) -> None:
    """More partitions would send the next record of a case to another one."""
    await cli.json("topics", "apply", "--district", "990103", "--partner", "x", "--partitions", "1")
    result = await cli.run("topics", "apply", "--district", "990103", "--partner", "x", "--partitions", "4")
    assert result.exit_code == 0
    assert "not changed to 4 partitions" in result.stdout


@pytest.mark.kafka
async def test_settings_that_differ_are_mended_and_others_are_kept(cli: Cli, bus: Bus) -> None:
    """Somebody's own retention on a topic of ours goes; what else they set stays. Inbound time is the broker's."""
    name = inbound_name("990104", "grid-app")
    await prepare(cli, "990104")
    await _alter(bus.bootstrap, name, {"segment.bytes": "20000000", "retention.ms": "60000"})
    await until(lambda: _has(bus.bootstrap, name, "retention.ms", "60000"))
    applied = await cli.json("topics", "apply", "--district", "990104", "--partner", "grid-app")
    assert [one["state"] for one in applied["topics"] if one["name"] == name] == ["updated"]
    await until(lambda: _has(bus.bootstrap, name, "retention.ms", str(7 * 24 * 3600 * 1000)))
    assert await _has(bus.bootstrap, name, "segment.bytes", "20000000")
    assert await _has(bus.bootstrap, name, "message.timestamp.type", "LogAppendTime")


@pytest.mark.kafka
async def test_every_stream_is_kept_as_its_kind_says(cli: Cli, bus: Bus) -> None:
    """Made with other settings by an older version, and brought in line; read back from the broker, one by one."""
    topics = {kind: topic_name("990124", kind) for kind in Topic} | {INBOUND: inbound_name("990124", "grid-app")}
    await bus.create(*topics.values(), partitions=6)
    apply = ("topics", "apply", "--district", "990124", "--partner", "grid-app")
    applied = await cli.json(*apply)
    assert {one["state"] for one in applied["topics"] if "990124" in one["name"]} == {"updated"}
    for kind, name in topics.items():
        for setting, value in settings_of(kind).items():
            await until(partial(_has, bus.bootstrap, name, setting, value), what=f"{setting} of {name}")
    again = await cli.json(*apply)
    assert {one["state"] for one in again["topics"] if "990124" in one["name"]} == {"existing"}


@pytest.mark.parametrize("form", ["binary", "structured", "bare"])
async def test_a_report_is_sent_in_each_form_to_the_partners_own_topic(cli: Cli, bus: Bus, form: str) -> None:
    """Key, headers and value are as the contract says."""
    district = {"binary": "990105", "structured": "990106", "bare": "990107"}[form]
    await prepare(cli, district)
    sent = await cli.json(
        "send", "-", "--partner", "grid-app", "--district", district, "--form", form, stdin=json.dumps(REPORT)
    )
    (record,) = await bus.read([inbound_name(district, "grid-app")], lambda found: len(found) == 1)
    assert (record.key, sent["sent"][0]["offset"]) == (b"A-1", record.offset)
    value = data(record)
    assert (value["data"] if form == "structured" else value) == REPORT
    types = {"binary": "application/json", "structured": "application/cloudevents+json; charset=utf-8", "bare": ""}
    assert header(record, "content-type") == types[form]
    assert header(record, "ce_type") == ("gridwhistle.report.submit.v1" if form == "binary" else "")


async def test_a_command_goes_to_the_district_of_its_case(cli: Cli, bus: Bus) -> None:
    """A department need not say where its case is."""
    await prepare(cli, "990108")
    command = {
        "type": "task.accept",
        "case_id": "990108-260701-k3jq2x7a",
        "task_id": "t",
        "occurred_at": "2026-07-01T08:41:00+08:00",
    }
    await cli.json("send", "-", "--partner", "housing", stdin=json.dumps(command))
    (record,) = await bus.read([inbound_name("990108", "housing")], lambda found: len(found) == 1)
    assert header(record, "ce_type") == "gridwhistle.task.accept.v1"
    assert "type" not in data(record)


async def test_a_partner_without_a_topic_is_told_who_has_one(cli: Cli) -> None:
    """A misspelt partner must not make a topic of its own."""
    await prepare(cli, "990109")
    result = await cli.run("send", "-", "--partner", "grid-ap", "--district", "990109", stdin=json.dumps(REPORT))
    assert result.exit_code == 1
    assert "grid-app, housing" in result.output


async def test_watch_shows_what_was_said_before_and_only_the_case_asked_for(cli: Cli, bus: Bus) -> None:
    """--case, --topic and --limit choose; every type has a line."""
    await prepare(cli, "990110")
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(GOLDEN.glob("*.json"))]
    said = [one for one in records if one["topic"].endswith((".cases", ".escalations"))]
    for one in said:
        topic = one["topic"].replace("620802", "990110")
        await bus.send(topic, json.dumps(one["value"]).encode(), one["key"], _headers(one))
    everything = ("watch", "--district", "990110", "--from-beginning", "--seconds", "30", "--limit", str(len(said)))
    result = await cli.run(*everything)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == len(said)
    ((case, _),) = Counter(one["key"] for one in said if one["topic"].endswith(".cases")).most_common(1)
    only = await cli.run(*everything[:-2], "--limit", "3", "--case", case, "--topic", "cases", "--json")
    assert [json.loads(line)["key"] for line in only.stdout.splitlines()] == [case] * 3


async def test_watch_follows_from_now_on_and_says_when_too_little_came(cli: Cli, bus: Bus) -> None:
    """What was said before is not shown; too few records in time are exit status 1."""
    await prepare(cli, "990111")
    topic = topic_name("990111", "cases")
    for number in range(20):
        await bus.send(topic, b'{"note": "before"}', f"c{number % 3}")
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli.main", "watch", "--district", "990111", "--bootstrap", cli.bootstrap),
        *("--json", "--limit", "2", "--seconds", "30"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert watching.stderr is not None
    assert b"Watching" in await watching.stderr.readline()
    for note in ("one", "two"):
        await bus.send(topic, json.dumps({"note": note}).encode(), "c1")
    out, _ = await watching.communicate()
    assert [json.loads(line)["value"]["note"] for line in out.splitlines()] == ["one", "two"]
    assert watching.returncode == 0
    nothing = await cli.run("watch", "--district", "990111", "--limit", "1", "--seconds", "0.2")
    assert nothing.exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("topics", "apply", "--district", "990199", "--partner", "x"),
        ("send", "-", "--partner", "grid-app"),
        ("watch", "--seconds", "1"),
        ("dead-letters", "list"),
    ],
)
async def test_a_broker_that_is_away_is_one_sentence(arguments: tuple[str, ...]) -> None:
    """No stack trace, exit status 1, and a hint where to look."""
    result = await Cli("127.0.0.1:1").run(*arguments, stdin=json.dumps(REPORT))
    assert result.exit_code == 1
    assert "The broker at 127.0.0.1:1 does not answer" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("topics", "apply", "--district", "6208"),
        ("topics", "apply", "--partner", "x"),
        ("send", "-", "--partner", "grid-app", "--type", "task.praise"),
        ("send", "no-such-file.json", "--partner", "grid-app"),
        ("send", "-"),
        ("watch", "--topic", "bogus"),
        ("dead-letters", "replay"),
        ("dead-letters", "replay", "abc", "--all"),
        ("dead-letters", "list", "--since", "yesterday"),
        ("send", "-", "--url", "127.0.0.1:8081", "--key", "k"),
        ("send", "-", "--url", "http://127.0.0.1:8081", "--key", "钥匙"),
    ],
)
async def test_wrong_usage_is_exit_status_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    """What was typed is wrong, and nothing has been done."""
    result = await cli.run(*arguments, stdin=json.dumps(REPORT))
    assert result.exit_code == 2, result.output


async def test_a_record_too_large_for_the_bus_is_named_and_nothing_is_sent(cli: Cli) -> None:
    """Where the second of two is too large the first stays at home too."""
    await prepare(cli, "990114")
    large = {**REPORT, "report_id": "A-2", "text": "x" * (2 << 20)}
    result = await cli.run(
        "send", "-", "--partner", "grid-app", "--district", "990114", stdin=json.dumps([REPORT, large])
    )
    assert result.exit_code == 1
    assert "item 2 (A-2)" in result.output
    seen = await cli.run(
        "watch", "--topic", "in.grid-app", "--district", "990114", "--from-beginning", "--seconds", "1"
    )
    assert "A-1" not in seen.stdout


async def test_a_district_without_topics_is_not_called_complete(cli: Cli) -> None:
    """Of a misspelt district nothing is missing."""
    result = await cli.run("check", "--district", "990198", "--patience", "0")
    assert result.exit_code == 1
    assert "District 990198 has no topics" in result.output


def _headers(record: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    return [(name, value.encode()) for name, value in record["headers"].items()]


async def _alter(bootstrap: str, name: str, settings: dict[str, str]) -> None:
    async with _admin(bootstrap) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, settings)])


async def _has(bootstrap: str, name: str, setting: str, value: str) -> bool:
    """Say whether a topic has a setting; Kafka answers before it shows what it was told."""
    async with _admin(bootstrap) as admin:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return (setting, value) in {(entry[0], entry[1]) for entry in answer.resources[0][4]}


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()

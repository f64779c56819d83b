"""send, watch and dead-letters with the four services behind them."""

from __future__ import annotations

import base64
import json

import pytest

from deploy.local import LocalStack
from tests.support.bus import until
from tests.support.cli import Cli

pytestmark = pytest.mark.asyncio(loop_scope="session")

DISTRICT = "620802"
PLACE = {"lon": 106.70, "lat": 35.52, "datum": "wgs84"}


async def test_a_report_sent_over_http_becomes_a_case_that_watch_shows(stack: LocalStack) -> None:
    """The key of a partner is enough; what the case becomes is seen on the bus."""
    cli = Cli(stack.bootstrap)
    keys = json.loads((stack.config.secrets / "http-clients.json").read_text())
    report = {"report_id": "cli-http-1", "category": "E06010", "text": "河堤步道堆放垃圾", "location": PLACE}
    over_http = ("send", "-", "--url", stack.url("intake"), "--district", DISTRICT)
    sent = await cli.json(*over_http, "--key", keys["grid-app"], stdin=json.dumps(report))
    assert sent["sent"][0]["key"] == "cli-http-1"

    async def opened() -> list[str]:
        watch = (
            "watch",
            "--district",
            DISTRICT,
            "--topic",
            "incidents",
            "--from-beginning",
            "--seconds",
            "1",
            "--json",
        )
        said = [json.loads(line) for line in (await cli.run(*watch)).stdout.splitlines()]
        return [one["key"] for one in said if one["value"].get("report_id") == "cli-http-1"]

    (case,) = await until(opened)
    shown = await cli.run("watch", "--case", case, "--from-beginning", "--limit", "3", "--seconds", "30")
    assert shown.exit_code == 0
    assert "case.opened" in shown.stdout


@pytest.mark.parametrize(
    ("key", "report", "why"),
    [
        ("wrong", {"report_id": "cli-http-2", "text": "x"}, "401"),
        (None, {"report_id": "cli-http-2", "text": "x", "severity": 9}, "400\nseverity: "),
    ],
)
async def test_what_http_refuses_is_told_and_is_exit_status_1(
    stack: LocalStack, key: str | None, report: dict[str, object], why: str
) -> None:
    """The answer of intake is passed on, a line a field."""
    keys = json.loads((stack.config.secrets / "http-clients.json").read_text())
    over_http = ("send", "-", "--url", stack.url("intake"), "--district", DISTRICT)
    result = await Cli(stack.bootstrap).run(*over_http, "--key", key or keys["grid-app"], stdin=json.dumps(report))
    assert result.exit_code == 1
    assert f"/v1/reports: {why}" in result.output


async def test_a_replayed_record_that_is_still_wrong_is_a_new_letter(stack: LocalStack) -> None:
    """The old letter stays, noted as replayed; the services take no notice of the header that a replay adds."""
    cli = Cli(stack.bootstrap)
    wrong = {"report_id": "cli-wrong", "text": "楼道灯不亮", "severity": 9}
    await cli.json("send", "-", "--partner", "grid-app", "--district", DISTRICT, stdin=json.dumps(wrong))

    async def letters(number: int) -> list[dict[str, object]]:
        listed = await cli.json("dead-letters", "list", "--district", DISTRICT, "--error", "invalid-report")
        found = [one for one in listed["letters"] if one["key"] == base64.b64encode(b"cli-wrong").decode()]
        return found if len(found) == number else []

    (first,) = await until(lambda: letters(1))
    await cli.json("dead-letters", "replay", str(first["id"]))
    both = await until(lambda: letters(2))
    assert sorted(len(one["replays"]) for one in both) == [0, 1]
    assert {one["value"] for one in both} == {first["value"]}

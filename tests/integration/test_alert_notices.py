"""Alerts of the monitoring become notices: what Alertmanager POSTs is told once, by the roster, and so is its end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.local import LocalStack, probes
from deploy.local.component import Component, Program
from tests.support.bus import free_port, until
from tests.support.notifier import District, district
from tests.support.promql import ROOT

pytestmark = pytest.mark.integration

TOKEN = "a-token-of-alertmanager"
LANGUAGES = {"languages": ["zh-CN", "en"]}


def alert(name: str = "GridWhistlePipelineStalled", status: str = "firing", **labels: str) -> dict[str, Any]:
    """Return one alert as Alertmanager 0.25 wrote it (version 4)."""
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", "team": "operations", "service": "router", **labels},
        "annotations": {
            "summary": "router 停滞：12 条消息在等，联系 13800000000",
            "summary_en": "router stands still",
            "runbook": f"docs/runbooks/alerts.md#{name.lower()}",
        },
        "startsAt": "2026-11-22T06:00:00.123456789Z",
        "endsAt": "2026-11-22T06:20:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.invalid/graph",
        "fingerprint": f"{name.lower()}{sorted(labels.items())}"[-32:],
    }


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Return what the webhook carries around its alerts."""
    return {
        "receiver": "operations",
        "status": alerts[0]["status"],
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.invalid",
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }


async def post(process: Component, body: Any, token: str = TOKEN) -> httpx.Response:
    """Send it as Alertmanager does."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            f"{process.url}/v1/alerts", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )


async def started(place: District) -> Component:
    """Return a notifier that lets Alertmanager in."""
    file = place.folder / "alerts.token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    process = place.process(GW_ALERTS_TOKEN_FILE=str(file), GW_ALERTS_DISTRICT=place.code)
    await process.start()
    return process


async def told(place: District, number: int) -> list[tuple[str, str]]:
    """Wait for so many notices in the file and return the step and recipient of each."""
    await until(lambda: len(place.lines) >= number)
    return [(line["step"], line["recipient"]) for line in place.lines]


async def test_an_alert_is_told_once_to_who_runs_the_platform_and_so_is_its_end(
    infra: LocalStack, tmp_path: Path
) -> None:
    """However often Alertmanager repeats it; what fires again later is new. Numbers of people are masked."""
    async with district(infra, "940301", tmp_path, **LANGUAGES) as place:
        process = await started(place)
        first = message(alert())
        assert [(await post(process, first)).status_code for _ in range(3)] == [200, 200, 200]
        assert (await post(process, message(alert(), alert(team="housing", service="intake")))).status_code == 200
        assert (await post(process, message(alert(status="resolved")))).status_code == 200
        assert (await post(process, message(alert(status="resolved")))).status_code == 200
        again = {**alert(), "startsAt": "2026-11-22T09:00:00Z"}
        assert (await post(process, message(again))).status_code == 200
        # Nobody has a department `operations` here: their centre hears it.
        assert sorted(await told(place, 4)) == [
            ("alert_raised", "centre/duty_officer"),
            ("alert_raised", "centre/duty_officer"),
            ("alert_raised", "housing/duty_officer"),
            ("alert_resolved", "centre/duty_officer"),
        ]
        said = json.dumps(place.lines, ensure_ascii=False)
        assert "【系统告警】router 停滞" in said
        assert "Over: router stands still (GridWhistlePipelineStalled)" in said
        assert "13800000000" not in said
        events = await place.heard(lambda seen: sum(one["type"] == "delivered" for one in seen) >= 4)
        assert sorted(one["type"] for one in events) == ["delivered"] * 4 + ["queued"] * 4


async def test_strangers_and_what_is_no_alert_are_refused(infra: LocalStack, tmp_path: Path) -> None:
    """Without the token nothing is read; what cannot be read is answered with the field that is wrong."""
    async with district(infra, "940302", tmp_path) as place:
        process = await started(place)
        assert (await post(process, message(alert()), token="wrong")).status_code == 401
        wrong = await post(process, message({**alert(), "startsAt": "yesterday"}))
        assert wrong.status_code == 400
        assert "alerts.0.startsAt" in wrong.text
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{process.url}/v1/alerts")).status_code == 405
        assert place.lines == []


@pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None, reason="no Alertmanager here (Debian: prometheus-alertmanager)"
)
async def test_a_real_alertmanager_with_our_configuration_is_heard(infra: LocalStack, tmp_path: Path) -> None:
    """The file that is deployed, with this notifier's address in it: an alert in, a notice out."""
    async with district(infra, "940303", tmp_path) as place:
        process = await started(place)
        manager = alertmanager(place, process)
        place.processes.append(manager)
        await manager.start()
        labels = {"alertname": "GridWhistleDiskFilling", "severity": "critical", "team": "operations"}
        async with httpx.AsyncClient(trust_env=False, base_url=manager.url) as client:
            sent = await client.post("/api/v2/alerts", json=[{"labels": labels, "annotations": {"summary": "磁盘"}}])
        assert sent.status_code == 200
        assert await told(place, 1) == [("alert_raised", "centre/duty_officer")]


def alertmanager(place: District, process: Component) -> Component:
    """Return an Alertmanager with the deployed configuration, pointed at a notifier of this test."""
    text = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    assert "http://notifier:8084/v1/alerts" in text
    config = yaml.safe_load(text.replace("http://notifier:8084", str(process.url)))
    for receiver in config["receivers"]:
        for hook in receiver.get("webhook_configs", []):
            hook["http_config"]["authorization"]["credentials_file"] = str(place.folder / "alerts.token")
    config["route"]["group_wait"] = "0s"
    for route in config["route"]["routes"]:
        route["group_wait"] = "0s"
    file = place.folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    port = free_port()
    argv = (
        "prometheus-alertmanager",
        f"--config.file={file}",
        f"--storage.path={place.folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    probe = probes.http(f"http://127.0.0.1:{port}/-/ready")
    return Component(Program("alertmanager", argv, place.folder / "alertmanager.log", probe, port), place.folder)

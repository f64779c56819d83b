from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deploy.local.config import FLOW
from tests.support.promql import ROOT, Asked, asked, rules, service_names, there_is

RULES_TEST = ROOT / "deploy" / "prometheus" / "tests" / "gridwhistle.test.yml"
ALERTS = [rule for rule in rules() if "alert" in rule]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_services_have_catalogues() -> None:
    """The check below is only worth something when it looks at every service."""
    assert set(service_names()) >= set(FLOW)


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.where)
def test_what_is_asked_for_exists(one: Asked) -> None:
    """A metric or label that no service has would be an empty panel, or an alert that never fires."""
    known = there_is()
    assert sorted(one.metrics() - known.keys()) == []
    assert [(metric, label) for metric, label in one.labels() if label not in known[metric]] == []


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_is_tested_firing_and_silent(alert: dict[str, Any]) -> None:
    """An alert that nobody has seen fire is a hope; one that always fires is noise."""
    tests = yaml.safe_load(RULES_TEST.read_text(encoding="utf-8"))["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", []) if case["alertname"] == alert["alert"]]
    assert any(case["exp_alerts"] for case in cases)
    assert alert["alert"] == "GridWhistleWatchdog" or any(not case["exp_alerts"] for case in cases)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_tells_the_people_on_duty_what_to_do(alert: dict[str, Any]) -> None:
    """Chinese summary and description, and a section of the runbook."""
    told = alert["annotations"]
    assert CHINESE.search(told["summary"])
    assert CHINESE.search(told["description"])
    page, _, anchor = told["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor == alert["alert"].lower()
    assert alert["alert"] in headings
    assert alert["labels"]["severity"] in {"critical", "warning", "none"}

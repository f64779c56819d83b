from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import groupby
from typing import Any

import pytest
import yaml

from deploy.local.config import FLOW
from tests.support.promql import ROOT, Asked, asked, rules, service_names, there_is

RULES_TESTS = sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*.yml"))
ALERTS = [rule for rule in rules() if "alert" in rule]
WATCHDOG = "GridWhistleWatchdog"
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


@cache
def _stories() -> dict[str, list[list[dict[str, Any]]]]:
    """Return by alert what each told story expects of it, in the order of time as it is written."""
    stories: dict[str, list[list[dict[str, Any]]]] = defaultdict(list)
    for file in RULES_TESTS:
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            of_alert: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for case in test.get("alert_rule_test", []):
                of_alert[case["alertname"]].append(case)
            for name, cases in of_alert.items():
                stories[name].append(cases)
    return stories


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_is_tested_silent_firing_and_resolved(alert: dict[str, Any]) -> None:
    """An alert that nobody has seen fire is a hope; one that always fires is noise, one that never ends as well."""
    stories = _stories()[alert["alert"]]
    told = [[fires for fires, _ in groupby(bool(case["exp_alerts"]) for case in cases)] for cases in stories]
    assert [True] in told if alert["alert"] == WATCHDOG else [False, True, False] in told


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_tells_the_people_on_duty_what_to_do(alert: dict[str, Any]) -> None:
    """A summary in Chinese and in English, a description in Chinese, whose it is, and a section of the runbook."""
    told, labels = alert["annotations"], alert["labels"]
    assert CHINESE.search(told["summary"])
    assert CHINESE.search(told["description"])
    assert told["summary_en"]
    assert not CHINESE.search(told["summary_en"])
    page, _, anchor = told["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor == alert["alert"].lower()
    assert alert["alert"] in headings
    assert labels["severity"] in ({"none"} if alert["alert"] == WATCHDOG else {"critical", "warning"})
    assert labels["team"] in {"operations", "centre"}


def test_the_runbook_has_no_section_for_what_is_no_alert_any_more() -> None:
    """Whoever looks one up at night should not read of another."""
    text = (ROOT / "docs" / "runbooks" / "alerts.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (GridWhistle\w+)$", text, re.MULTILINE)) == {alert["alert"] for alert in ALERTS}

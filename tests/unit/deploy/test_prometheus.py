from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deploy.local.config import FLOW
from tests.support.promql import DASHBOARDS, ROOT, Asked, asked, panels, rules, service_names, there_is

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


@pytest.mark.parametrize("panel", list(panels()), ids=lambda panel: str(panel["id"]))
def test_a_panel_has_a_chinese_title_and_an_english_description(panel: dict[str, Any]) -> None:
    """Monitoring staff read Chinese; whoever mends the system reads the description."""
    assert CHINESE.search(panel["title"])
    assert panel["description"]
    assert not CHINESE.search(panel["description"])
    assert panel["datasource"]["uid"] == "${datasource}"


def test_panels_have_ids_of_their_own_and_do_not_lie_over_each_other() -> None:
    """A dashboard put together by hand goes wrong exactly there."""
    assert len(DASHBOARDS) == 1
    shown = list(panels())
    assert len({panel["id"] for panel in shown}) == len(shown)
    places = [(panel["gridPos"], panel["title"]) for panel in shown]
    for number, (one, title) in enumerate(places):
        assert one["x"] + one["w"] <= 24, title
        assert [other for place, other in places[number + 1 :] if _overlap(one, place)] == [], title


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    apart = (
        one["x"] + one["w"] <= other["x"]
        or other["x"] + other["w"] <= one["x"]
        or one["y"] + one["h"] <= other["y"]
        or other["y"] + other["h"] <= one["y"]
    )
    return not apart

"""Alerts of the monitoring as the notifier decides on them; how they come in is shown on the real thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.adapters.templates import load_templates
from services.notifier.domain.alerts import AlertEvent, AlertRaised, AlertResolved, alert_number
from services.notifier.domain.facts import Facts
from services.notifier.domain.rendering import Templates
from shared.contracts.registry import event_types
from shared.district.model import Audience
from tests.unit.notifier.events import DISTRICT, NOON
from tests.unit.notifier.world import MORNING, NIGHT, World, around, index_of, raw_profile


def alert(kind: type[AlertEvent] = AlertRaised, fingerprint: str = "f1", **more: Any) -> AlertEvent:
    """Return an alert about the router."""
    given = {
        "district": DISTRICT,
        "case_id": alert_number(DISTRICT, fingerprint, NOON),
        "occurred_at": NOON,
        "recorded_at": NOON,
        "name": "GridWhistlePipelineStalled",
        "department": "centre",
        "summary": "router 停滞，请联系 13800000000",
        "summary_en": "router stands still",
        "runbook": "docs/runbooks/alerts.md#gridwhistlepipelinestalled",
    }
    return kind.model_validate({**given, **more})


def test_an_alert_is_told_once_and_its_end_once() -> None:
    """Alertmanager repeats both; what fires again at another time has a number of its own."""
    world = World()
    for one in (alert(), alert(), alert(AlertResolved), alert(AlertResolved), alert(), alert(fingerprint="f2")):
        world.tell(one)
    assert world.queued() == [
        ("alert_raised", "centre/duty_officer", "file"),
        ("alert_resolved", "centre/duty_officer", "file"),
        ("alert_raised", "centre/duty_officer", "file"),
    ]
    assert alert_number(DISTRICT, "f1", NOON) != alert_number(DISTRICT, "f1", NOON + timedelta(hours=1))


@pytest.mark.parametrize(("severity", "due"), [("critical", NIGHT), ("warning", MORNING), ("odd", MORNING)])
def test_only_what_is_critical_wakes_somebody(severity: str, due: Any) -> None:
    """Quiet hours hold the rest until the morning."""
    world = World(now=NIGHT)
    world.tell(alert(severity=severity))
    assert [one.due for one in world.notices.values()] == [due]


def test_the_words_are_in_both_languages_masked_and_for_officials_alone() -> None:
    """What an annotation says may hold anything."""
    world = World(around(raw_profile(languages=["zh-CN", "en"])))
    world.tell(alert(severity="critical"), alert(AlertResolved))
    said = [Templates(load_templates()).notice(one, index_of(raw_profile())) for one in world.notices.values()]
    assert [text.subject for text in said] == [
        "【系统告警】router 停滞，请联系 13****00",
        "【告警解除】router 停滞，请联系 13****00",
    ]
    assert "router stands still (GridWhistlePipelineStalled, critical)." in said[0].body
    assert "Runbook: docs/runbooks/alerts.md#gridwhistlepipelinestalled." in said[0].body
    assert Audience.REPORTER not in {Audience(one.audience) for one in world.notices.values()}
    assert {"alert", "said", "said_en", "runbook"} <= Facts.model_fields.keys()


def test_no_alert_crosses_the_bus() -> None:
    """It has no type, so nobody can be made to believe one that was read there."""
    assert {AlertEvent, AlertRaised, AlertResolved} & set(event_types().values()) == set()

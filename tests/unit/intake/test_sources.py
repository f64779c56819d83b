"""Formats: found by folder, each mapped onto the same report, nothing lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.sources import formats, parse_report
from shared.contracts.incidents import Datum
from shared.decision import Poison
from tests.unit.intake.world import report

ALARM = {
    "alarm_id": "cam17-000123",
    "label": "GarbageExposed",
    "confidence": 0.91,
    "time": "2026-07-01 08:30:00",
    "camera": {"id": "cam17", "name": "解放中路与南环路口", "lon": 106.66, "lat": 35.54, "datum": "gcj02"},
    "snapshot": "https://media.example.invalid/123.jpg",
    "video": "https://media.example.invalid/123.mp4",
}
ORDER = {
    "工单编号": "12345-20260701-0001",
    "来电时间": "2026-07-01 08:30:00",
    "诉求内容": "小区门口垃圾无人清理",
    "诉求类别": "暴露垃圾",
    "来电人": "王某某",
    "联系电话": 13800000000,
    "是否保密": "否",
    "事发地址": "解放中路12号",
    "经度": "106.66",
    "纬度": "35.54",
    "坐标系": "百度",
    "紧急程度": "紧急",
    "承办科室": "三科",
}
ALERT = {
    "警情编号": 202607010001,
    "报警时间": "20260701083000",
    "报警内容": "楼上漏水引起争吵",
    "警情类别": "0402",
    "报警人": "王某某",
    "报警电话": "13800000000",
    "案发地址": "解放中路12号",
    "警情级别": "橙",
}


def test_formats_are_found_by_their_file() -> None:
    """A new one is a new file."""
    assert {"json", "video_ai", "hotline_12345", "police_110"} <= set(formats())
    assert not [name for name in formats() if name.startswith("_")]


def test_an_unknown_format_is_a_fault_of_the_profile() -> None:
    """The dead letter says which there are."""
    with pytest.raises(Poison, match="hotline_12345, json"):
        parse_report("fax", {})


def test_our_own_form_keeps_unknown_fields() -> None:
    """Contracts only grow; what an older intake does not know it keeps."""
    parsed = parse_report("json", {**report(), "floor": 3})
    assert parsed.model_extra == {"floor": 3}
    assert parsed.report_id == "A-1"


def test_coordinates_the_wrong_way_round_are_put_right_before_they_are_checked() -> None:
    """A latitude of 106 degrees would be refused otherwise."""
    location = parse_report("json", report(location={"lon": 35.54, "lat": 106.66})).location
    assert location is not None
    assert (location.lon, location.lat) == (106.66, 35.54)


def test_an_alarm_of_a_camera_is_a_report() -> None:
    """Label, position of the camera, pictures; the rest is kept."""
    parsed = parse_report("video_ai", ALARM)
    assert (parsed.report_id, parsed.category, parsed.occurred_at) == ("cam17-000123", "GarbageExposed", ALARM["time"])
    assert parsed.location is not None
    assert (parsed.location.lon, parsed.location.datum) == (106.66, Datum.GCJ02)
    assert parsed.location.address == "解放中路与南环路口"
    assert [(one.mime, one.url[-3:]) for one in parsed.media] == [("image/jpeg", "jpg"), ("video/mp4", "mp4")]
    assert parsed.attributes["confidence"] == 0.91
    assert parsed.attributes["camera"]["id"] == "cam17"


def test_a_camera_may_stand_flat() -> None:
    """Many platforms export no nested objects."""
    flat = {
        "id": 7,
        "label": "RoadPonding",
        "timestamp": 1782865800000,
        "camera_longitude": 106.66,
        "camera_latitude": 35.54,
    }
    parsed = parse_report("video_ai", flat)
    assert parsed.report_id == "7"
    assert parsed.location is not None
    assert parsed.location.lat == 35.54


def test_a_work_order_of_the_hotline_is_a_report() -> None:
    """Chinese field names, words for severity and datum, a number for a telephone."""
    parsed = parse_report("hotline_12345", ORDER)
    assert (parsed.report_id, parsed.category, parsed.severity) == ("12345-20260701-0001", "暴露垃圾", 2)
    assert parsed.text == "小区门口垃圾无人清理"
    assert parsed.reporter is not None
    assert (parsed.reporter.name, parsed.reporter.phone, parsed.reporter.anonymous) == ("王某某", "13800000000", False)
    assert parsed.location is not None
    assert (parsed.location.lon, parsed.location.datum, parsed.location.address) == (106.66, Datum.BD09, "解放中路12号")
    assert parsed.attributes == {"承办科室": "三科"}


def test_who_wants_to_stay_unnamed_is_marked() -> None:
    """是否保密: 是."""
    reporter = parse_report("hotline_12345", {**ORDER, "是否保密": "是"}).reporter
    assert reporter is not None
    assert reporter.anonymous


def test_an_alert_of_the_police_is_a_report() -> None:
    """Its grade is our severity."""
    parsed = parse_report("police_110", ALERT)
    assert (parsed.report_id, parsed.category, parsed.severity) == ("202607010001", "0402", 2)
    assert parsed.location is not None
    assert parsed.location.address == "解放中路12号"


def test_a_word_nobody_knows_leaves_severity_to_the_rules() -> None:
    """A new grade must not stop an alert."""
    assert parse_report("police_110", {**ALERT, "警情级别": "紫"}).severity is None


@pytest.mark.parametrize(
    ("name", "payload", "line"),
    [
        ("json", {"report_id": "A"}, "a report needs a text or a category"),
        ("json", {**report(), "severity": 9, "people": -1}, "severity: .*; people: "),
        ("json", report(location={"lon": 106.66, "lat": 1066.0}), "location.lat: "),
        ("json", report(location={"lon": 106.66, "lat": 35.5, "datum": "beijing54"}), "location.datum: "),
        ("json", report(media=[{"url": "x", "sha256": "short"}]), "media.0.sha256: "),
        ("json", report(text="x" * 20_001), "text: "),
        ("video_ai", {"label": "GarbageExposed"}, "report_id: "),
        ("video_ai", {**ALARM, "camera": "cam17"}, "camera: is not an object"),
        ("hotline_12345", {"诉求内容": "垃圾"}, "report_id: "),
        ("hotline_12345", {**ORDER, "坐标系": "北京54"}, "location.datum: "),
        ("police_110", {"警情编号": "1"}, "text or a category"),
    ],
)
def test_wrong_fields_are_named(name: str, payload: dict[str, Any], line: str) -> None:
    """One line each, without the value: it may be personal data."""
    with pytest.raises(Poison, match=line) as caught:
        parse_report(name, payload)
    assert caught.value.error == "invalid-report"
    assert "xxx" not in caught.value.message

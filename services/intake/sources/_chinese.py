"""Flat forms with Chinese field names, as 12345 and 110 platforms export them; a form is two tables and a few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.sources._flat import Table, as_text, rest, take, validated
from shared.contracts.incidents import Report

PLACE: Table = {
    "lon": ("经度",),
    "lat": ("纬度",),
    "datum": ("坐标系",),
    "address": ("事发地址", "案发地址", "事发地点", "地址"),
    "grid": ("网格编码", "网格代码"),
}
DATUM_WORDS = {
    "高德": "gcj02",
    "腾讯": "gcj02",
    "火星坐标": "gcj02",
    "百度": "bd09",
    "国家2000": "wgs84",
    "cgcs2000": "wgs84",
}
YES = ("是", "保密", "匿名", "1", 1, True)


@dataclass(frozen=True, slots=True)
class Form:
    """A form: where our fields stand, where the person's, and which words mean which severity."""

    report: Table
    person: Table
    severity: Mapping[str, int]

    def parse(self, payload: dict[str, Any]) -> Report:
        """Return the report.

        Raises:
            Invalid: `invalid-report`, with a line a field.
        """
        fields, person, place = take(payload, self.report), take(payload, self.person), take(payload, PLACE)
        as_text(fields, "report_id", "category")
        as_text(person, "phone", "identity_number")
        as_text(place, "grid")
        if "severity" in fields:
            fields["severity"] = self.severity.get(str(fields["severity"]).strip())
        if "anonymous" in person:
            person["anonymous"] = person["anonymous"] in YES
        if "datum" in place:
            place["datum"] = _datum(place["datum"])
        more = rest(payload, self.report, self.person, PLACE)
        return validated({**fields, "reporter": person or None, "location": place or None, "attributes": more})


def _datum(word: Any) -> Any:
    lower = str(word).strip().lower().replace("-", "")
    return DATUM_WORDS.get(lower, lower)

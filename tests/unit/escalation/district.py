"""A small district with a ladder of three rungs, and words for times and limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.contracts.limits import Limit
from shared.district.areas import Grid, Township
from shared.district.model import Profile

ZONE = ZoneInfo("Asia/Shanghai")
DISTRICT = "620802"
CASE = "620802-260701-k3jq2x7a"
HERE = {"lon": 106.6651, "lat": 35.5428, "address": "解放中路12号"}
GRID = "620802001001003"

DEPARTMENTS: tuple[dict[str, Any], ...] = (
    {"code": "centre", "name": "综治中心", "kind": "centre"},
    {"code": "housing", "name": "住建局", "kind": "department"},
    {"code": "civil", "name": "民政局", "kind": "department"},
    {"code": "police", "name": "公安局", "kind": "department"},
    {"code": "emergency", "name": "应急局", "kind": "department"},
    {"code": "zhongshan", "name": "中山街道", "kind": "township", "areas": ("620802001",)},
    {"code": "jiefang", "name": "解放中路社区", "kind": "community", "community": "620802001001"},
)
LADDER = (
    {"level": 1, "audience": ["head"]},
    {"level": 2, "after": "60 clock_minutes", "audience": ["centre_director"]},
    {"level": 3, "after": "120 clock_minutes", "audience": ["centre_director"], "action": "whistle"},
)


def local(text: str) -> datetime:
    """Read a local time, e.g. `2026-07-01T09:00`, or one with an offset."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=ZONE)


def limit(text: str) -> Limit:
    """Read a limit."""
    return Limit.model_validate(text)


def profile(**changes: Any) -> Profile:
    """Return the district; sections may be changed."""
    default = {"lead": "centre", "accept": "30 clock_minutes", "stages": ["handle=4 clock_hours"]}
    sections: dict[str, Any] = {
        "code": DISTRICT,
        "name": "崆峒区",
        "version": 3,
        "departments": DEPARTMENTS,
        "townships": (Township(code="620802001", name="中山街道"),),
        "grids": (
            Grid(
                code=GRID, name="第三网格", polygon=((106.66, 35.54), (106.67, 35.54), (106.67, 35.55), (106.66, 35.55))
            ),
        ),
        "default": {**default, "verify": "2 working_days"},
        "escalation": {"warn_fractions": [0.5, 0.8], "ladder": LADDER},
        **changes,
    }
    return Profile.model_validate(sections)

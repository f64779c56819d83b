"""The profile of the replayed city, written from its own rows: its departments, one category each, limits of its own.

A synthetic code, for the city has none in GB/T 2260. No ladder to speak of, no near-duplicates, no notices: the replay
is about verdicts. `FOREVER` stands where the profile must say a limit that shall never pass within the replay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

CITY = "990617"
CITY_PARTNER = "city-311"
CITY_ZONE = "America/New_York"
MESSAGES = "990002"
MESSAGES_PARTNER = "messages"
MESSAGES_ZONE = "Asia/Shanghai"
FOREVER = "100000 calendar_days"


def department_code(name: str) -> str:
    """Return a department of the file as a code of ours: `BHA_` -> `bha-`; one without a name is `none`."""
    return re.sub(r"[^a-z0-9-]", "-", name.lower())[:40] or "none"


def category_key(department: str) -> str:
    """Return the key of the one category a department has."""
    return f"L{department.upper()[:15]}"


def write_city(folder: Path, departments: Iterable[str]) -> Path:
    """Write the city's profile with the departments of its rows; return its folder."""
    codes = sorted({department_code(name) for name in departments})
    profile = _profile(CITY, "Boston 311", CITY_ZONE)
    profile["departments"] += [{"code": code, "name": code, "kind": "department"} for code in codes]
    profile["categories"] = [{"key": category_key(code), "name": code, "lead": code} for code in codes]
    return _write(folder / CITY, profile, {"id": CITY_PARTNER, "kind": "gateway", "own_limit": True})


def write_messages(folder: Path) -> Path:
    """Write the profile of the district that takes in the Chinese messages; return its folder."""
    return _write(
        folder / MESSAGES,
        _profile(MESSAGES, "留言回放", MESSAGES_ZONE),
        {"id": MESSAGES_PARTNER, "kind": "hotline_12345"},
    )


def _profile(code: str, name: str, zone: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "timezone": zone,
        "departments": [{"code": "centre", "name": "centre", "kind": "centre"}],
        "default": {"lead": "@centre", "accept": FOREVER, "stages": [f"handle={FOREVER}"], "verify": FOREVER},
        "calendar": {"holidays": "none"},
        "max_backdating": "36500 days",
        "near_duplicates": {"enabled": False},
        "surge": {"enabled": False},
        "triage": {"limit": FOREVER, "owner": "centre"},
        "verification": {"by": "none", "limit": FOREVER},
        "escalation": {
            "warn_fractions": [],
            "ladder": [{"level": 1, "after": FOREVER, "audience": ["centre"]}],
        },
        "notify": {"audiences": {}},
    }


def _write(folder: Path, profile: dict[str, Any], partner: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("district.yaml", profile), ("partners.yaml", [partner])):
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder

"""The district that the model and the services are compared in: small, with every kind of rule in it once."""

from __future__ import annotations

import json
from typing import Any

from shared.district.model import Profile

CODE = "620802"


def _duty(code: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "role": role, "person": f"{code} {role}", "channels": [{"channel": "file", "address": f"{code}-{role}"}], **more
    }  # fmt: skip


def _department(code: str, kind: str = "department", **more: Any) -> dict[str, Any]:
    duty = [_duty(code, "duty_officer"), _duty(code, "head")]
    return {"code": code, "name": code, "kind": kind, "duty": duty, **more}


DISTRICT: dict[str, Any] = {
    "code": CODE,
    "name": "崆峒区",
    "townships": [{"code": "620802001", "name": "东关街道"}],
    "communities": [{"code": "620802001001", "name": "解放中路社区居委会"}],
    "grids": [
        {"code": "620802001001001", "name": "第一网格", "worker": "w-1",
         "polygon": "106.66 35.54, 106.67 35.54, 106.67 35.55, 106.66 35.55"},
    ],
    "departments": [
        _department("centre", "centre"),
        _department("housing"),
        _department("water", duty=[_duty("water", "duty_officer", hours="08:00-18:00"), _duty("water", "head")]),
        _department("police", duty=[_duty("police", "head")]),
        _department("street", "township", areas=["620802001"]),
    ],
    "partners": [
        {"id": "grid-app", "kind": "grid_app"},
        {"id": "hotline", "kind": "hotline_12345", "own_limit": True},
        {"id": "camera", "kind": "video_ai", "commands": ["case.verify"]},
    ],
    "categories": [
        {"key": "E06010", "name": "暴露垃圾", "lead": "housing", "aliases": ["垃圾"]},
        {"key": "E03002", "name": "违法建设", "lead": "housing", "assists": ["water"],
         "stages": ["stop=3 working_hours", "fine=2 working_days", "demolish=4 working_days"],
         "evidence": {"min_media": 1, "mime": ["image/*"]}},
        {"key": "E08001", "name": "积水", "lead": "water", "accept": "20 clock_minutes", "notice": "urgent"},
        {"key": "D0402", "name": "物业纠纷", "lead": "@township", "whistle": True,
         "stages": ["mediate=3 calendar_days"]},
    ],
    "classes": [{"key": "E06", "accept": "45 working_minutes"}],
    "default": {"lead": "@centre", "accept": "30 clock_minutes", "stages": ["handle=4 working_hours"],
                "verify": "1 working_days", "severity": 3},
    "rules": [
        {"id": "flood", "when": {"categories": ["E08*"], "keywords": ["内涝"]},
         "then": {"assists": ["housing", "@township"], "severity": 1, "joint": True}},
        {"id": "hotline-first", "when": {"partners": ["hotline"], "categories": ["E06*"]}, "then": {"lead": "police"}},
    ],
    "escalation": {
        "warn_fractions": [0.5, 0.8],
        "ladder": [
            {"level": 1, "audience": ["head"]},
            {"level": 2, "after": "60 clock_minutes", "audience": ["centre_director"]},
            {"level": 3, "after": "3 working_hours", "audience": ["centre_director", "head"], "action": "whistle"},
        ],
    },
    "triage": {"limit": "2 working_hours", "owner": "centre"},
    "refusals": {"max": 2, "then": "whistle", "arbitrate": "2 working_hours"},
    "holds": {"approval_required": True, "max_holds": 2},
    "extensions": {"approval_required": True, "max_extensions": 1, "max_extension": "2 working_days"},
    "verification": {"by": "grid", "auto_close": True},
    "whistle": {"joint_severity": 2, "optional_departments": ["street"], "max_rounds": 2},
    "notify": {
        "quiet_hours": "22:00-07:00",
        "channels": ["file"],
        "digest": {"after": 1000, "window": "10 minutes"},
        "rate_limit": {"per_hour": 10000},
        "policies": {"urgent": {"ignore_quiet_hours": True, "audiences": {"clock.warned": ["duty_officer", "head"]}}},
        "grid_worker_contacts": [{"channel": "file", "address": "{worker}"}],
    },
}  # fmt: skip

BUSY: dict[str, dict[str, Any]] = {
    "holds": {"approval_required": False, "max_hold": "5 working_hours"},
    "extensions": {"approval_required": False, "max_extension": "10 clock_hours"},
    "verification": {"by": "reporter", "auto_close": False},
    "refusals": {"then": "centre"},
}
"""A district in which departments decide more for themselves, and the reporter says whether it is solved."""

PLAIN: dict[str, dict[str, Any]] = {
    "verification": {"by": "none"},
    "whistle": {"max_rounds": 1, "quorum": "all", "place": "township"},
}
"""One in which nobody verifies and a team is called once."""

QUIET: dict[str, dict[str, Any]] = {
    "verification": {"auto_close": False},
    "whistle": {"max_rounds": 1},
    "escalation": {"ladder": [{**rung, "action": "notify"} for rung in DISTRICT["escalation"]["ladder"]]},
}
"""One in which time alone neither closes a case nor calls anybody."""

KINDS: dict[str, dict[str, dict[str, Any]]] = {"usual": {}, "busy": BUSY, "plain": PLAIN, "quiet": QUIET}


def district(kind: str = "usual", code: str = CODE, version: int = 1) -> Profile:
    """Return the profile of a kind of district."""
    raw = {**DISTRICT, "version": version}
    for section, change in KINDS[kind].items():
        raw[section] = {**raw.get(section, {}), **change}
    return Profile.model_validate(json.loads(json.dumps(raw).replace(CODE, code)))

"""The two districts of the run: the real profiles, with rules whose outcome does not hang on how fast a machine is.

Limits are days, so that neither the length of a run nor a host whose clock is hours off decides anything; what is to be
late is reported ten days late. Nothing is merged and nothing grouped, for both go by what happens to arrive together.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from deploy.local.config import ROOT
from deploy.partner.messages import Data
from tests.fault.harness.stories import STORIES

DISTRICTS = ("620802", "620171")
ENOUGH = 1_000_000
SLOW: Data = {"accept": "20 calendar_days", "stages": ["handle=30 calendar_days"], "verify": "20 calendar_days"}
LATE: Data = {**SLOW, "stages": ["handle=5 calendar_days"]}
LADDER = [
    {"level": 1, "audience": ["head"]},
    {"level": 2, "audience": ["centre_director"]},
    {"level": 3, "audience": ["centre_director"], "action": "whistle"},
]


def write_profiles(folder: Path, hook: str) -> Path:
    """Write both profiles below a folder; duty officers are told over a webhook whose URL begins with `hook`."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "deploy" / "districts", folder)
    for code in DISTRICTS:
        _change(folder / code / "district.yaml", _policies(code, hook))
        _dump(folder / code / "rules.yaml", [_rule(name) for name in STORIES])
        _forget_rosters(folder / code / "departments.yaml")
    return folder


def _policies(code: str, hook: str) -> Data:
    """Return the sections that replace those of the real profile."""
    duty = [{"channel": "webhook", "address": f"{hook}/{code}/{{code}}"}]
    head = [{"channel": "file", "address": f"head-{code}-{{code}}"}]
    return {
        "default": {"lead": "@centre", **SLOW, "severity": 3},
        "overrides": [],
        "max_backdating": "720 hours",
        "future_tolerance": "48 hours",
        "near_duplicates": {"enabled": False},
        "triage": {"limit": "20 calendar_days", "owner": "centre"},
        "refusals": {"max": 3, "then": "centre", "arbitrate": "20 calendar_days"},
        "verification": {"by": "grid", "auto_close": True, "limit": "20 calendar_days"},
        "holds": {"approval_required": False, "max_holds": 3},
        "escalation": {"warn_fractions": [0.5, 0.8], "ladder": LADDER},
        "whistle": {
            "joint_severity": 1,
            "answer_within": "20 calendar_days",
            "muster_within": "20 calendar_days",
            "quorum": "all",
            "check_in_before": "48 hours",
        },
        "notify": {
            "channels": ["webhook", "file"],
            "rate_limit": {"per_hour": ENOUGH},
            "digest": {"after": ENOUGH, "window": "1 minutes"},
            "retry": {"attempts": 50, "backoff": "1 seconds", "factor": 1.5, "max_backoff": "4 seconds"},
            "webhook": {"allow_private": True},
            "grid_worker_contacts": [{"channel": "file", "address": "{worker}"}],
        },
        "default_duty": [
            {"role": "duty_officer", "person": "{name}值班员", "channels": duty},
            {"role": "head", "person": "{name}负责人", "channels": head},
        ],
    }


def _rule(name: str) -> Data:
    story = STORIES[name]
    limits = LATE if story.late else SLOW
    return {
        "id": name,
        "when": {"keywords": [story.keyword]},
        "then": {"lead": story.lead, "assists": list(story.assists), **limits, "severity": 3},
    }


def _change(path: Path, changes: Data) -> None:
    _dump(path, {**_load(path), **changes})


def _forget_rosters(path: Path) -> None:
    """Let every department have the same roster at every hour; two officers by day and one by night are two results."""
    if path.exists():
        _dump(path, [{key: value for key, value in one.items() if key != "duty"} for one in _load(path)])


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _dump(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")

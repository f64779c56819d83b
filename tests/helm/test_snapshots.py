"""What changed in what the chart renders: a reader of a change sees it here. GW_UPDATE_SNAPSHOTS=1 writes them anew."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.helm import Manifest, find, rendered

pytestmark = pytest.mark.skipif(find() is None, reason="helm is not here: make helm (needs Go)")

SNAPSHOTS = Path(__file__).parent / "snapshots"
WHOLE = {
    "one-district": (("Deployment", "gw-notifier"), ("Job", "gw-setup")),
    "two-districts": (
        ("Deployment", "gw-router-620802"),
        ("PodDisruptionBudget", "gw-router-620802"),
        ("ScaledObject", "gw-router-620802"),
        ("Service", "gw-intake"),
        ("TriggerAuthentication", "gw-intake-kafka"),
        ("ServiceMonitor", "gw-intake"),
        ("NetworkPolicy", "gw-intake"),
    ),
}
"""One of each kind is kept as it is; of all others a digest says whether they changed."""


def digest(one: Any) -> str:
    """Return a few letters that change when anything does."""
    return hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()[:12]


def ours(example: str) -> list[Manifest]:
    """Return all but alert rules and dashboards, which have their own sources and tests."""
    return [one for one in rendered(example).manifests if one["kind"] not in {"PrometheusRule", "ConfigMap"}]


def summary(example: str) -> dict[str, Any]:
    """Return what is kept of an example: a few objects whole, the others by digest; of a province only numbers."""
    found = ours(example)
    counts = dict(sorted(Counter(one["kind"] for one in found).items()))
    if example not in WHOLE:
        return {"kinds": counts, "all": digest(found)}
    whole = [dict(rendered(example).one(*which)) for which in WHOLE[example]]
    others = {f"{one['kind']}/{one['metadata']['name']}": digest(one) for one in found if one not in whole}
    return {"kinds": counts, "others": others, "whole": whole}


@pytest.mark.parametrize("example", ["one-district", "two-districts", "province"])
def test_what_is_rendered_is_what_was_reviewed(example: str) -> None:
    """A difference is either wanted, and then the snapshot changes with it, or it is a mistake."""
    file = SNAPSHOTS / f"{example}.yaml"
    now = summary(example)
    if "GW_UPDATE_SNAPSHOTS" in os.environ:
        file.write_text(yaml.safe_dump(now, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    assert now == yaml.safe_load(file.read_text(encoding="utf-8"))

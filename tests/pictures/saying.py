"""How Grafana would say a value, name a series and colour it: enough of it for the units of our dashboards."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
COLOURS = {"green": "#3a9a4c", "orange": "#e58a1f", "red": "#d4373e"}
SECONDS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))
LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def value(number: float, unit: str) -> str:
    """Return a number with its unit."""
    if not math.isfinite(number):
        return "—"
    if unit == "percentunit":
        return f"{100 * number:.1f} %"
    if unit == "s":
        return _seconds(number)
    if unit == "dateTimeAsIso":
        return f"{datetime.fromtimestamp(number / 1000, ZONE):%H:%M}"
    return f"{_short(number)}{_suffix(unit)}"


def _suffix(unit: str) -> str:
    return {"cps": " /s", "reqps": " /s"}.get(unit, unit.removeprefix("suffix:") if unit.startswith("suffix:") else "")


def _short(number: float) -> str:
    if abs(number) >= 10_000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if number == round(number) or abs(number) >= 100 else f"{number:.2g}"


def _seconds(number: float) -> str:
    for size, name in SECONDS:
        if abs(number) >= size:
            return f"{number / size:.3g} {name}"
    return "0 s"


def name(labels: Mapping[str, str], legend: str, panel: Mapping[str, Any]) -> str:
    """Return what a series is called: its legend filled in, then put into words."""
    said = LEGEND.sub(lambda match: labels.get(match[1], ""), legend) if legend != "__auto" else ""
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == said and override["properties"][0]["id"] == "displayName":
            return str(override["properties"][0]["value"])
    return said or ", ".join(labels.values())


def colour(number: float, panel: Mapping[str, Any]) -> str:
    """Return the colour of the highest threshold that was reached."""
    chosen = "#2f6fb5"
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", []):
        if step["value"] is None or number >= step["value"]:
            chosen = COLOURS[step["color"]]
    return chosen

"""A Prometheus that has seen the day: what was written down, imported, and the product's rules reckoned over it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.pictures.watching import STEP_SECONDS
from tests.support.prometheus import Series, running
from tests.support.promql import METRIC, rules

RAW = "raw"
END = "# EOF\n"
ALERT_NAME = "ALERTS"
UNITS = {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}

Rule = dict[str, Any]


def take_in(folder: Path, history: Path) -> None:
    """Import what was written down, once for all pictures of it."""
    shutil.rmtree(folder / RAW, ignore_errors=True)
    for file in sorted(history.glob("*.txt")):
        with file.open("a", encoding="utf-8") as written:
            written.write(END)
        _import(file, folder / RAW)


def build(folder: Path, begin: float, end: float, port: int) -> None:
    """Make the data of `folder` from what was imported and from the rules as they are now."""
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(folder / RAW, data, copy_function=os.link)
    for stage in _stages():
        file = folder / "stage.txt"
        with running(folder, port, {}) as prometheus, file.open("w", encoding="utf-8") as written:
            for rule in stage:
                written.writelines(_lines(rule, prometheus.went(rule["expr"], begin, end, STEP_SECONDS)))
            written.write(END)
        _import(file, data)


def _lines(rule: Rule, found: Iterable[Series]) -> Iterator[str]:
    for labels, values in found:
        named = {name: value for name, value in labels.items() if name != "__name__"} | rule.get("labels", {})
        said = ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in named.items())
        yield from (f"{rule['record']}{{{said}}} {value} {at:.3f}\n" for at, value in values)


def _import(file: Path, data: Path) -> None:
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(file), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"promtool: {done.stderr[-2_000:]}")


def _stages() -> Iterator[list[Rule]]:
    """Yield the rules in the order in which they build upon each other: each sees only what is there already."""
    waiting = [_recorded(rule) for rule in rules()]
    while waiting:
        to_come = {rule["record"] for rule in waiting}
        ready = [rule for rule in waiting if not to_come & set(METRIC.findall(rule["expr"]))]
        if not ready:
            raise ValueError(f"rules that wait for each other: {sorted(to_come)}")
        yield ready
        waiting = [rule for rule in waiting if rule not in ready]


def _recorded(rule: Rule) -> Rule:
    """Return a rule that records; an alert as what Prometheus shows of it once it has held for its time."""
    if "record" in rule:
        return {name: rule[name] for name in ("record", "expr", "labels") if name in rule}
    held = _minutes(rule.get("for", "0s"))
    times = 60 * held // STEP_SECONDS + 1
    expr = f"(count_over_time((sum without () ({rule['expr']}))[{held + 1}m:{STEP_SECONDS}s]) >= {times}) * 0 + 1"
    labels = {**rule["labels"], "alertname": rule["alert"], "alertstate": "firing"}
    return {"record": ALERT_NAME, "expr": expr, "labels": labels}


def _minutes(duration: str) -> int:
    parts = re.findall(r"(\d+)([smhd])", duration)
    return round(sum(int(number) * UNITS[unit] for number, unit in parts))

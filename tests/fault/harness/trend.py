"""Whether something grows: the slope over the run after warming up, by a rule and not by eye."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, mean
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.fault.harness.endurance import Endured
from tests.fault.harness.sampler import Sample

WARM_PART = 0.3
"""Caches fill and the allocator reaches its size in the first part of the run."""

HOUR = 3_600.0
FEW = 8
"""Samples below which there is no slope."""

MORE_MB = 4.0
"""What a process may rise by along its slope: a batch more in hand at the end is as much. Half a kilobyte kept of each
report of the usual run would be 6 MB in each of two replicas."""

MORE_FILES = 8.0
"""Connections to receivers of notices are kept for 15 s after the last use, so their number follows the load."""

LAG_RECORDS = 200.0
"""As much as half a batch may wait on average, and no more at the end than on average."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure of one process. `slope` is per hour."""

    process: str
    figure: str
    first: float
    last: float
    average: float
    slope: float
    flat: bool


def trends(samples: Mapping[str, Sequence[Sample]], begun: float, ended: float) -> list[Trend]:
    """Return memory, open files and lag of every process."""
    warm = begun + (ended - begun) * WARM_PART
    found: list[Trend] = []
    for name in sorted(samples):
        own = [one for one in samples[name] if warm <= one.at <= ended]
        if len(own) < FEW:
            continue
        found += [_memory(name, own), _files(name, own), _lag(name, own)]
    return found


def _slope(own: Sequence[Sample], values: Sequence[float]) -> float:
    return linear_regression([one.at for one in own], values).slope * HOUR


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the averages of the first and the last tenth, so that one odd sample does not speak for all."""
    tenth = max(1, len(values) // 10)
    return mean(values[:tenth]), mean(values[-tenth:])


def _memory(name: str, own: Sequence[Sample]) -> Trend:
    values = [one.rss for one in own]
    slope = _slope(own, values)
    return Trend(name, "memory, MB", *_ends(values), mean(values), slope, _rise(own, slope) <= MORE_MB)


def _files(name: str, own: Sequence[Sample]) -> Trend:
    values = [float(one.files) for one in own]
    slope = _slope(own, values)
    return Trend(name, "open files", *_ends(values), mean(values), slope, _rise(own, slope) <= MORE_FILES)


def _rise(own: Sequence[Sample], slope: float) -> float:
    """Return how much the slope makes over the time it was measured in."""
    return slope * (own[-1].at - own[0].at) / HOUR


def _lag(name: str, own: Sequence[Sample]) -> Trend:
    values = [max(0.0, one.lag) for one in own]
    first, last = _ends(values)
    flat = mean(values) <= LAG_RECORDS and last <= LAG_RECORDS
    return Trend(name, "records waiting", first, last, mean(values), _slope(own, values), flat)


def show(endured: Endured, found: Sequence[Trend], console: Console) -> None:
    """Print the table."""
    rate = endured.reports / max(1.0, endured.ended - endured.begun)
    table = Table(title=f"{endured.reports:,} reports in {(endured.ended - endured.begun) / 60:.1f} min ({rate:.1f}/s)")
    table.add_column("process")
    table.add_column("figure")
    for name in ("first", "last", "average", "slope an hour"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for one in found:
        figures = (f"{value:,.1f}" for value in (one.first, one.last, one.average, one.slope))
        table.add_row(one.process, one.figure, *figures, "flat" if one.flat else "GROWS")
    console.print(table)
    for sentence in endured.left:
        console.print(f"left over: {sentence}", markup=False, soft_wrap=True)


def write(path: Path, endured: Endured, found: Sequence[Trend]) -> None:
    """Write .local/soak.json."""
    content: dict[str, Any] = {
        "ok": not endured.left and all(one.flat for one in found),
        "reports": endured.reports,
        "seconds": round(endured.ended - endured.begun, 1),
        "cores": os.cpu_count(),
        "left_over": endured.left,
        "trends": [
            {
                "process": one.process,
                "figure": one.figure,
                **{name: round(getattr(one, name), 2) for name in ("first", "last", "average", "slope")},
                "flat": one.flat,
            }
            for one in found
        ],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

"""The result as a table to read or paste, and as the few figures that others look at."""

from __future__ import annotations

import os
from typing import Any

Result = dict[str, Any]


def summary(result: Result) -> Result:
    """Return what .local/bench.json holds: the figures by name, and everything that was measured."""
    ours = result["ours"]["reports_per_second"]
    latency = result["latency"]
    return {
        "ratio_floor": round(ours / result["floor"]["reports_per_second"], 3),
        "ratio_naive": round(ours / result["naive"]["reports_per_second"], 2),
        "reports_per_second": ours,
        "latency_ms": latency["every"],
        "growth_ratio": round(result["grown"]["reports_per_second"] / ours, 3),
        "rss_mb": latency["rss_mb"],
        "rss_mb_backlog": result["ours"]["rss_mb"],
        "start_seconds": result["start_seconds"],
        "cores": os.cpu_count(),
        "measured": result,
    }


def lines(result: Result) -> list[str]:
    """Return the table in Markdown."""
    figures, ours = summary(result), result["ours"]
    sweep_few, sweep_many = result["sweeps"]
    rows = [
        ("a floor: same records, same writes, nothing else", _rate(result["floor"]), _cpu(result["floor"])),
        ("a' floor without the database", _rate(result["floor_without_database"]), ""),
        ("b ours", _rate(ours), _cpu(ours)),
        ("c naive: a record at a time", _rate(result["naive"]), _cpu(result["naive"])),
        ("b / a", f"{figures['ratio_floor']:.2f}", "target 0.6"),
        ("b / c", f"{figures['ratio_naive']:.1f}", "target 8"),
        ("latency at 100 reports/s, every notice", _percentiles(result["latency"]["every"]), "target p50 50, p99 250"),
        ("the same, a report's first notice", _percentiles(result["latency"]["first"]), ""),
        (f"ours with {result['stored_few']:,} cases stored", _rate(ours), ""),
        (
            f"ours with {result['stored_many']:,} cases stored",
            _rate(result["grown"]),
            f"ratio {figures['growth_ratio']:.2f}, target 0.9",
        ),
        (f"sweep, {sweep_few['open']:,} clocks open", _sweep(sweep_few), ""),
        (f"sweep, {sweep_many['open']:,} clocks open", _sweep(sweep_many), ""),
        ("resident memory at 100 reports/s, MB", _each(figures["rss_mb"]), "target 150"),
        ("the same under a full backlog, MB", _each(figures["rss_mb_backlog"]), ""),
        ("records a report, notices a report", f"{ours['records_per_report']}, {ours['notices_per_report']}", ""),
        ("broker bytes a report", f"{ours['broker_bytes_per_report']:,}", ""),
        ("stack ready", f"{result['start_seconds']:.1f} s", "target 20"),
    ]
    return ["| what | figure | µs processor time a report, or target |", "|---|---|---|"] + [
        f"| {what} | {figure} | {more} |" for what, figure, more in rows
    ]


def _rate(row: Result) -> str:
    return f"{row['reports_per_second']:,.0f} reports/s"


def _cpu(row: Result) -> str:
    return ", ".join(f"{name.removeprefix('naive-')} {value:,}" for name, value in row["cpu_us"].items())


def _percentiles(values: Result) -> str:
    return f"p50 {values['p50']:.0f} ms, p95 {values['p95']:.0f} ms, p99 {values['p99']:.0f} ms"


def _sweep(one: Result) -> str:
    return f"nothing due {one['nothing_ms']:.1f} ms, 100 due {one['hundred_ms']:.0f} ms"


def _each(values: Result) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in values.items())

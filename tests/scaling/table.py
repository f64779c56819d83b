"""What came of it: rows for people, the same for programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.latency import percentiles
from tests.scaling.run import CALM, FLOODED, Phase, Result, Scene

BUCKET_MS = 5_000.0
GROUPS = ("pool", "dedicated", "mongod", "kafka", "load", "others")


def rows(scene: Scene) -> list[dict[str, Any]]:
    """Return a row a phase: rates as they were, how long notices took, what waits, whose processors it was."""
    made = [_row(scene, phase) for phase in scene.phases]
    for one in made:
        one["p99_by_quiet"] = round(one["calm_ms"]["p99"] / made[0]["calm_ms"]["p99"], 1)
    return made


def _row(scene: Scene, phase: Phase) -> dict[str, Any]:
    seconds = (phase.end - phase.begin) / 1000
    calm, flooded = (scene.notices.delays(feed, phase.begin, phase.end) for feed in (scene.calm, scene.flooded))
    return {
        "phase": phase.name,
        "seconds": round(seconds, 1),
        "calm_rate": round(sum(1 for _ in scene.calm.between(phase.begin, phase.end)) / seconds, 1),
        "flooded_rate": round(sum(1 for _ in scene.flooded.between(phase.begin, phase.end)) / seconds, 1),
        "calm_notices": len(calm),
        "calm_ms": percentiles(calm),
        "flooded_ms": percentiles(flooded),
        "flooded_waiting": scene.notices.backlog(scene.flooded, phase.end),
        "processors": dict(phase.processors),
    }


def course(scene: Scene) -> Iterator[dict[str, float]]:
    """Yield the calm district's delays every five seconds, so that one sees when they turn."""
    begin, last = scene.phases[0].begin, max(scene.calm.appended.values())
    at = begin
    while at < last:
        if delays := scene.notices.delays(scene.calm, at, at + BUCKET_MS):
            told = percentiles(delays)
            yield {"second": (at - begin) / 1000, "p50": told["p50"], "p99": told["p99"]}
        at += BUCKET_MS


def summary(scene: Scene, result: Result) -> Result:
    """Return everything, as .local/scaling.json holds it."""
    begin = scene.phases[0].begin
    at = {f"{name}_second": round((result.pop(f"{name}_at") - begin) / 1000, 1) for name in ("command", "killed")}
    return {
        "ok": not result["wrong"],
        "cores": os.cpu_count(),
        **result,
        **at,
        "phases": rows(scene),
        "course": [*course(scene)],
    }


def show(told: Result, console: Console) -> None:
    """Print the tables, and what is wrong."""
    table = Table(title=f"{CALM} beside a flood in {FLOODED}: report appended to notice handed to its channel")
    table.add_column("phase")
    for name in ("calm /s", "flood /s", "p50 ms", "p95 ms", "p99 ms", "p99 / quiet", "flood waiting", "processors"):
        table.add_column(name, justify="right")
    for row in told["phases"]:
        table.add_row(*_cells(row))
    console.print(table)
    facts = Table(show_header=False)
    for name, value in _facts(told):
        facts.add_row(name, value)
    console.print(facts)
    for sentence in told["wrong"][:20]:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{len(told['wrong'])} things are wrong."
        if told["wrong"]
        else "Nothing lost, nothing twice, nothing left over."
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    times = (f"{row['calm_ms'][name]:,.0f}" for name in ("p50", "p95", "p99"))
    shares = ", ".join(f"{name} {row['processors'][name]:.2f}" for name in GROUPS if row["processors"].get(name))
    rates = (f"{row['calm_rate']:.0f}", f"{row['flooded_rate']:.0f}")
    return (row["phase"], *rates, *times, f"{row['p99_by_quiet']:.1f}", f"{row['flooded_waiting']:,}", shares)


def _facts(told: Result) -> Iterator[tuple[str, str]]:
    yield "the pool takes", f"{told['capacity']:.0f} reports/s"
    yield told["command"], f"ready after {told['command_seconds']} s"
    yield "the calm district had worked off its own backlog", f"{told['caught_up_seconds']} s later"
    yield "after the kill the pool had the district in", f"{told['taken_over_seconds']} s"
    yield "backlog worked off after the flood in", f"{told['drained_seconds']} s"
    yield from ((name, f"{number:,}") for name, number in told["proof"].items())

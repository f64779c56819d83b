"""What a run says in the end: a table, a list of what must not be, and .local/fault.json."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.fault.harness.faults import FAULTS
from tests.fault.harness.run import Result
from tests.fault.harness.verdict import Finding
from tests.fault.harness.world import Injection

SHOWN = 25


def rows(result: Result) -> list[dict[str, Any]]:
    """Return a row for each kind of fault; a lost or doubled case counts for every fault that met it under way."""
    return [_row(kind, result) for kind in FAULTS if any(one.kind == kind for one in result.injections)]


def _row(kind: str, result: Result) -> dict[str, Any]:
    own = [one for one in result.injections if one.kind == kind]
    times = [one.recovered for one in own if one.recovered is not None]
    away = [one.ended - one.struck for one in own]
    met = Counter(finding.what for finding in result.proof.findings if _met(finding, own, result.ended))
    return {
        "fault": kind,
        "times": len(own),
        "put_right_s": round(median(away), 1),
        "recovered": len(times),
        "median_s": round(median(times), 1) if times else None,
        "max_s": round(max(times), 1) if times else None,
        "lost": met["lost"],
        "doubled": met["doubled"],
    }


def _met(finding: Finding, injections: Iterable[Injection], ended: float) -> bool:
    play = finding.play
    if play is None:
        return False
    last = play.done or ended
    return any(one.struck <= last and play.sent_at <= max(one.ended, one.struck) + 10 for one in injections)


def as_json(result: Result) -> dict[str, Any]:
    """Return the run for programs."""
    return {
        "ok": not result.proof.findings,
        "seed": result.seed,
        "seconds": round(result.seconds, 1),
        "cores": os.cpu_count(),
        "faults": rows(result),
        "facts": result.proof.facts,
        "findings": [{"what": one.what, "sentence": one.sentence} for one in result.proof.findings],
        "injections": [
            {
                "fault": one.kind,
                "detail": one.detail,
                "at_s": round(one.struck - result.begun, 1),
                "put_right_s": round(one.ended - one.struck, 1),
                "recovered_s": _s(one),
            }
            for one in result.injections
        ],
    }


def _s(injection: Injection) -> float | None:
    return None if injection.recovered is None else round(injection.recovered, 1)


def write(result: Result, path: Path) -> None:
    """Write .local/fault.json."""
    path.write_text(json.dumps(as_json(result), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(result: Result, console: Console) -> None:
    """Print the table, the facts and what must not be."""
    table = Table(title=f"faults, seed {result.seed}, {result.seconds:.0f} s")
    table.add_column("fault")
    for name in ("times", "put right after s", "recovered", "median s", "max s", "lost", "doubled"):
        table.add_column(name, justify="right")
    for row in rows(result):
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    console.print(table)
    facts = Table(show_header=False)
    for name, number in result.proof.facts.items():
        facts.add_row(name.replace("_", " "), f"{number:,}")
    console.print(facts)
    _say_findings(result.proof.findings, console)


def _say_findings(findings: Sequence[Finding], console: Console) -> None:
    for finding in findings[:SHOWN]:
        console.print(f"{finding.what}: {finding.sentence}", markup=False, highlight=False, soft_wrap=True)
    kinds = ", ".join(f"{number} {what}" for what, number in Counter(one.what for one in findings).items())
    console.print(f"Not as it should be: {kinds}." if findings else "Nothing lost, nothing doubled, nothing stuck.")

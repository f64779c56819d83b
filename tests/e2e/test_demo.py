"""The demo as whoever runs it sees it: it plays, adds up, writes its figures, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from deploy.local.config import ROOT, Ports
from tests.support.bus import until
from tests.support.short_day import ShortDay, demo
from tests.support.stack import free_port_base

FIGURES = {
    "reports_submitted", "reports_accepted", "reports_merged", "reports_duplicate", "reports_rejected", "cases_opened",
    "cases_closed", "cases_open", "cases_withdrawn", "tasks_assigned", "tasks_returned", "warnings", "breaches",
    "teams_summoned", "teams_on_scene", "members_absent", "notices_delivered", "dead_letters", "conservation_ok",
    "wall_seconds",
}  # fmt: skip


def test_short_day_adds_up_and_writes_its_figures(short_day: ShortDay) -> None:
    """Every report is accounted for, record by record, and the figures that are promised are there."""
    done = short_day.done
    assert done.returncode == 0, done.stderr[-3_000:]
    figures = json.loads(done.stdout)
    assert json.loads((short_day.state.parent / "demo.json").read_text()) == figures
    assert figures.keys() >= FIGURES
    assert figures["conservation_ok"]
    taken = figures["reports_accepted"] + figures["reports_duplicate"] + figures["reports_rejected"]
    cases = figures["cases_open"] + figures["cases_closed"] + figures["cases_withdrawn"]
    assert figures["reports_submitted"] == taken
    assert figures["reports_accepted"] == figures["reports_merged"] + cases
    booked = figures["kpi"].values()
    assert sum(one["cases"]["count"] for one in booked) >= cases
    assert sum(one["refusals"]["n"] for one in booked) == figures["tasks_returned"]
    assert sum(one["closing_rate"]["n"] for one in booked) >= figures["cases_closed"]
    assert figures["teams_summoned"] >= 2
    assert figures["notices_delivered"] > 0
    assert (figures["surges"], figures["reports_unmerged"]) >= (1, 1)
    assert figures["surge_cases"] >= 12
    assert figures["tiers_entered"] > figures["tiers_ended"] > 0
    assert figures["advisories_proposed"] >= figures["advisories_issued"] >= figures["advisories_replied"] > 0
    assert figures["agreements_signed"] >= figures["agreements_fulfilled"] > 0


@pytest.mark.parametrize("wanted", ["mongo", "smtp", "http"])
def test_taken_port_is_named_and_nothing_is_left(tmp_path: Path, wanted: str) -> None:
    """Whichever port it is: which, whose, what to do; and no process that was started for nothing."""
    base = free_port_base()
    ports = Ports.at(base)
    port = ports.service("router") if wanted == "http" else getattr(ports, wanted)
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(demo(tmp_path / "state", base), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert not list((tmp_path / "state" / "run").glob("*.pid"))


def test_interrupted_demo_ends_its_stack(tmp_path: Path) -> None:
    """Ctrl-C in the middle: exit status 130, and no process of the stack lives on."""
    run = tmp_path / "state" / "run"
    line = demo(tmp_path / "state", free_port_base(), "--reports", "50")
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        asyncio.run(until((run / "notifier.pid").exists, 90, "the notifier"))
        started = [int(path.read_text()) for path in run.glob("*.pid")]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    finally:
        process.kill()
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]

"""The year as whoever runs it sees it, short and small: every figure is what the plan says, or the exit status is 1."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.config import ROOT
from tests.support.stack import free_port_base


@pytest.mark.kafka
def test_a_few_days_come_out_as_planned(tmp_path: Path) -> None:
    """Closed, how fast, settled where, fulfilled, patrolled: case by case as planned, and nothing is lost."""
    size = ["--days", "5", "--scale", "0.02", "--seed", "7"]
    where = ["--broker", "kafka", "--port-base", str(free_port_base()), "--state", str(tmp_path / "state")]
    line = [sys.executable, "-m", "deploy.cli.main", "year", *size, *where, "--json"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    told = json.loads(done.stdout)
    assert told["fine"]
    assert told["refused"] == told["differences"] == told["conservation"] == []
    assert not list((tmp_path / "state" / "run").glob("*.pid"))
    parts = {name: {part: ours for part, (_, ours) in found.items()} for name, found in told["counts"].items()}
    assert parts["cases"]["closed"] > 2
    assert parts["dispute_success"]["agreed"] > 0
    assert parts["patrols"]["done"] > parts["patrols"]["missed"] > 0

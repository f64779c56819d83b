"""The city's own verdicts and the citizens' own words, through the running pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local.config import ROOT
from deploy.replay.run import Files
from tests.support.stack import chosen_broker, free_port_base

FILES = Files.find(None)
ROWS = os.environ.get("GW_REAL_ROWS", "")
"""Only so many rows, for a quick look; every row when it is not set."""

pytestmark = pytest.mark.real
WHERE = "is not there: set GW_REAL_DATA to the folder of the real data"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what `gridwhistle real --json` finds."""
    state: Path = tmp_path_factory.mktemp("real")
    command = [sys.executable, "-m", "deploy.cli.main", "real", "--json", "--broker", chosen_broker()]
    command += ["--port-base", str(free_port_base()), "--state", str(state), *(["--limit", ROWS] if ROWS else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "exit": done.returncode}


@pytest.mark.skipif(FILES.city is None, reason=f"the city's file {WHERE}")
def test_every_verdict_is_the_citys(result: dict[str, Any]) -> None:
    """Row by row; where the city's column is blank, by the city's rule."""
    city = result["city"]
    assert city["first_differences"] == []
    assert city["differences"] == 0
    assert city["late_by_us"] == city["late_by_the_city"]
    assert result["exit"] == 0


@pytest.mark.skipif(FILES.messages is None, reason=f"the file of messages {WHERE}")
def test_no_message_is_lost_or_misread(result: dict[str, Any]) -> None:
    """Each is accepted, merged or a duplicate, and its time is what its writer wrote, in either format."""
    messages = result["messages"]
    assert messages["accepted"] + messages["merged"] + messages["duplicate"] == messages["rows"]
    assert messages["lost"] == messages["rejected"] == messages["wrong_times"] == 0

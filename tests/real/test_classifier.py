"""The classifier on real messages to authorities: the figures that were asked for, by the command that prints them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.config import ROOT

FOLDER = Path(os.environ.get("GW_REAL_DATA", ROOT.parent / "shared" / "data"))
LABELLED = Path(os.environ.get("GW_LABELLED_FILE", FOLDER / "tipdm2020c" / "labelled_train.csv.gz"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not LABELLED.exists(), reason="the labelled messages are not there: set GW_REAL_DATA or GW_LABELLED_FILE"
    ),
]


def test_the_figures_asked_for_are_reached() -> None:
    """By cross-validation, what was sent again never on both sides; half a minute of one processor."""
    command = [sys.executable, "-m", "deploy.cli.main", "classifier", "evaluate", str(LABELLED), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["macro_f1"] >= 0.92
    assert found["accuracy_at_90"] >= 0.95
    assert found["milliseconds"]["mean"] < 1
    assert found["model_bytes"] < 4_000_000

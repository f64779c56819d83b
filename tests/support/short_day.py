"""A short day of the demo, and a Prometheus that watches it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.config import FLOW, Ports
from tests.support.prometheus import Prometheus, rules_for
from tests.support.stack import chosen_broker

SCRAPE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ShortDay:
    """What the command said, where its state is, and the Prometheus that watched; None where there is none."""

    done: subprocess.CompletedProcess[str]
    state: Path
    watching: Prometheus | None


def demo(state: Path, base: int, *more: str) -> list[str]:
    """Return the command for a day in twenty seconds."""
    options = ["--broker", chosen_broker(), "--port-base", str(base), "--state", str(state), "--rate", "4320", *more]
    return [sys.executable, "-m", "deploy.cli.main", "demo", *options]


def watched(folder: Path, base: int) -> Mapping[str, Any]:
    """Return how Prometheus watches: as after `make up MONITORING=1`, but every second, for the day is short."""
    ports = Ports.at(base)
    every = f"{SCRAPE_SECONDS}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [rules_for(folder / "rules")],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{ports.service(name)}"]}]} for name in FLOW
        ],
    }

"""A short day of the demo, played once for all who look at what came of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from deploy.local.config import ROOT, Ports
from tests.support.prometheus import is_here, running
from tests.support.short_day import ShortDay, demo, watched
from tests.support.stack import free_port_base


@pytest.fixture(scope="session")
def short_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShortDay]:
    """Play it, and keep Prometheus for questions."""
    folder, base = tmp_path_factory.mktemp("day"), free_port_base()
    port = Ports.at(base).prometheus
    watching = running(folder / "prometheus", port, watched(folder, base)) if is_here() else nullcontext()
    with watching as prometheus:
        line = demo(folder / "state", base, "--reports", "150", "--json")
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        yield ShortDay(done, folder / "state", prometheus)

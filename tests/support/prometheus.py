"""A real Prometheus on a folder of its own, and what it answers over HTTP. It is the machine's (Debian: prometheus)."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.promql import RULES

PATIENCE_SECONDS = 60
KEPT = "10y"
"""A demo plays a day of its own time, which may be long past."""

Series = tuple[Mapping[str, str], list[tuple[float, float]]]


def is_here() -> bool:
    """Tell whether the machine has Prometheus and its tool."""
    return bool(shutil.which("prometheus") and shutil.which("promtool"))


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    url: str

    def now(self, expr: str, at: float) -> list[Series]:
        """Ask how things stood at an instant."""
        return self._ask("query", {"query": expr, "time": at})

    def went(self, expr: str, begin: float, end: float, step: float) -> list[Series]:
        """Ask how something went."""
        return self._ask("query_range", {"query": expr, "start": begin, "end": end, "step": step})

    def _ask(self, how: str, what: Mapping[str, Any]) -> list[Series]:
        answer = httpx.post(f"{self.url}/api/v1/{how}", data=dict(what), timeout=PATIENCE_SECONDS)
        said = answer.json()
        if said["status"] != "success":
            raise ValueError(f"{what['query']}: {said['error']}")
        return [(one["metric"], _numbers(one)) for one in said["data"]["result"]]


def _numbers(one: Mapping[str, Any]) -> list[tuple[float, float]]:
    found = one["values"] if "values" in one else [one["value"]]
    return [(float(at), float(value)) for at, value in found]


@contextmanager
def running(folder: Path, port: int, config: Mapping[str, Any]) -> Iterator[Prometheus]:
    """Run one with this configuration; its data is in `<folder>/data`, and stays there."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "prometheus.yml"
    settings.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    options = (
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.lookback-delta=5m",
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(f"{url}/-/ready", process)
        yield Prometheus(url)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("Prometheus does not start")


def rules_for(folder: Path) -> str:
    """Write the product's rules without their intervals: a test is over before five minutes are."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in RULES.glob("*.yml"):
        groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        often = [{name: said for name, said in group.items() if name != "interval"} for group in groups]
        (folder / path.name).write_text(json.dumps({"groups": often}), encoding="utf-8")
    return str(folder / "*.yml")

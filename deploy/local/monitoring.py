"""A real Prometheus over the stack, when the machine has one; its package is not ours to install."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from deploy.local import probes
from deploy.local.component import Component, Program
from deploy.local.config import ROOT, StackConfig
from deploy.local.keys import write_private
from deploy.local.machine import HOST

RULES = ROOT / "deploy" / "prometheus" / "rules"
HOW_TO_INSTALL = (
    "MONITORING: there is no prometheus on PATH, so nothing scrapes the services. "
    "Debian and Ubuntu: apt-get install prometheus; then gridwhistle down, gridwhistle up --monitoring."
)


def find() -> str | None:
    """Return the machine's prometheus, if it has one."""
    return shutil.which("prometheus")


def scrape_config(folder: Path, services: Iterable[str]) -> dict[str, object]:
    """Return prometheus.yml; `job` is the service, and a file that it reads again tells the replicas of each."""
    jobs = [{"job_name": one, "file_sd_configs": [{"files": [str(_targets(folder, one))]}]} for one in services]
    return {
        "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": jobs,
    }


def _targets(folder: Path, service: str) -> Path:
    return folder / f"{service}.json"


def write_targets(config: StackConfig, services: Iterable[tuple[str, Component]]) -> None:
    """Tell Prometheus the replicas that there are now; `instance` is the address of each."""
    targets: dict[str, list[str]] = {one: [] for one in config.services}
    for service, replica in services:
        targets.setdefault(service, []).append(f"{HOST}:{replica.program.port}")
    for service, where in targets.items():
        write_private(_targets(config.state / "prometheus", service), json.dumps([{"targets": where}]) + "\n")


def program(config: StackConfig, binary: str, services: Iterable[tuple[str, Component]]) -> Program:
    """Return Prometheus for this stack, its configuration written, its data in <state>/prometheus."""
    folder = config.state / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "prometheus.yml"
    settings.write_text(yaml.safe_dump(scrape_config(folder, config.services), sort_keys=False))
    write_targets(config, services)
    port = config.ports.prometheus
    argv = (
        binary,
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={HOST}:{port}",
    )
    return Program(
        "prometheus", argv, config.logs / "prometheus.log", probes.http(f"http://{HOST}:{port}/-/ready"), port
    )

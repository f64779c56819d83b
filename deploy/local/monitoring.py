"""A real Prometheus over the stack, when the machine has one; its package is not ours to install."""

import shutil
from collections.abc import Iterable

import yaml

from deploy.local import probes
from deploy.local.component import Component, Program
from deploy.local.config import ROOT, StackConfig
from deploy.local.machine import HOST

RULES = ROOT / "deploy" / "prometheus" / "rules"
HOW_TO_INSTALL = (
    "MONITORING: there is no prometheus on PATH, so nothing scrapes the services. "
    "Debian and Ubuntu: apt-get install prometheus; then gridwhistle down, gridwhistle up --monitoring."
)


def find() -> str | None:
    """Return the machine's prometheus, if it has one."""
    return shutil.which("prometheus")


def scrape_config(services: Iterable[tuple[str, Component]]) -> dict[str, object]:
    """Return prometheus.yml for the replicas that run; `job` is the service, `instance` the replica's address."""
    targets: dict[str, list[str]] = {}
    for service, replica in services:
        targets.setdefault(service, []).append(f"{HOST}:{replica.program.port}")
    return {
        "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": [
            {"job_name": service, "static_configs": [{"targets": where}]} for service, where in targets.items()
        ],
    }


def program(config: StackConfig, binary: str, services: Iterable[tuple[str, Component]]) -> Program:
    """Return Prometheus for this stack, its configuration written, its data in <state>/prometheus."""
    folder = config.state / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "prometheus.yml"
    settings.write_text(yaml.safe_dump(scrape_config(services), sort_keys=False))
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

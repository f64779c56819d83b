"""What Prometheus and Alertmanager themselves say of our files, where their tools are on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.promql import ROOT, asked

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager"

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH (Debian: prometheus)")
amtool = pytest.mark.skipif(
    shutil.which("amtool") is None, reason="amtool is not on PATH (Debian: prometheus-alertmanager)"
)


def run(*command: str) -> None:
    """Run a tool and show what it says when it does not like something."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_promtool_accepts_rules_and_configuration() -> None:
    """What Prometheus will say at start, said here."""
    run("promtool", "check", "rules", *map(str, (PROMETHEUS / "rules").glob("*.yml")))
    run("promtool", "check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))


@promtool
def test_every_alert_fires_when_it_should_and_only_then() -> None:
    """The rules' own tests, hours of Prometheus in seconds."""
    run("promtool", "test", "rules", *map(str, sorted((PROMETHEUS / "tests").glob("*.yml"))))


@promtool
def test_every_expression_parses(tmp_path: Path) -> None:
    """Also those on dashboards, which nothing else looks at before a person does."""
    wrapped = [{"record": f"panel:{number}", "expr": one.expr} for number, one in enumerate(asked())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": wrapped}]}, allow_unicode=True))
    run("promtool", "check", "rules", str(file))


@amtool
def test_amtool_accepts_the_alertmanager_configuration() -> None:
    """What Alertmanager will say at start, said here."""
    run("amtool", "check-config", str(ALERTMANAGER / "alertmanager.yml"))


ROUTES = [
    line.split(" = ")
    for line in (ALERTMANAGER / "routes.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@amtool
@pytest.mark.parametrize(("receivers", "labels"), ROUTES, ids=lambda part: part.split()[0])
def test_an_alert_goes_to_who_it_is_for(receivers: str, labels: str) -> None:
    """By team and severity; amtool walks the tree as Alertmanager does."""
    file = f"--config.file={ALERTMANAGER / 'alertmanager.yml'}"
    run("amtool", "config", "routes", "test", file, f"--verify.receivers={receivers}", *labels.split())

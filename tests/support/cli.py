"""The command line in a test, without a process of its own for each command."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typer.testing import CliRunner, Result

from deploy.cli.main import app


@dataclass(frozen=True, slots=True)
class Cli:
    """`gridwhistle …` against one broker; `env` are more settings, e.g. who one is."""

    bootstrap: str
    env: Mapping[str, str] = field(default_factory=dict)

    async def run(self, *arguments: str, stdin: str | None = None) -> Result:
        """Run a command in a thread, for it has an event loop of its own."""
        env = {"GW_KAFKA_BOOTSTRAP": self.bootstrap, "COLUMNS": "250", **self.env}
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), stdin, env))

    async def process(self, *arguments: str) -> int | None:
        """Run a command in a process of its own, for several at once; return its exit status."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", *arguments),
            env={**os.environ, "GW_KAFKA_BOOTSTRAP": self.bootstrap, **self.env},
            stdout=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()

    async def json(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run a command with --json and return what it printed.

        Raises:
            AssertionError: it did not end well.
        """
        result = await self.run(*arguments, "--json", stdin=stdin)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

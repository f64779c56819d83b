"""The operator of the drill: types commands at one of the two clusters, and shows what they said."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import LocalStack

SHOWN = 3
WIDTH = "120"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shell:
    """`gridwhistle` at one cluster. `home` is not shown; `wrong` takes what did not end as it should."""

    name: str
    stack: LocalStack
    home: Path
    say: Say
    wrong: list[str]

    async def __call__(self, *arguments: str, stdin: str = "", status: int = 0) -> str:
        """Type a command that is to end with a status; show the end of what it says, and return all of it."""
        self.say(f"{self.name}$ gridwhistle {self._short(' '.join(arguments))}")
        ended, printed, said = await self._run(arguments, stdin)
        lines = [line.rstrip() for line in (said or printed).splitlines() if line.strip()]
        for line in lines[-SHOWN:]:
            self.say(f"   {self._short(line)}")
        if ended != status:
            self.wrong.append(f"{self.name}: {' '.join(arguments)} ended with {ended} and not {status}: {said[-2000:]}")
        return printed + said

    async def json(self, *arguments: str) -> Any:
        """Ask without showing anything.

        Raises:
            ValueError: it printed nothing that can be read.
        """
        _, printed, _ = await self._run((*arguments, "--json"), "")
        return json.loads(printed)

    async def _run(self, arguments: tuple[str, ...], stdin: str) -> tuple[int | None, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", *arguments),
            env={**self.stack.env, "PATH": "/usr/bin:/bin", "COLUMNS": WIDTH},
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )
        printed, said = await process.communicate(stdin.encode())
        return process.returncode, printed.decode(), said.decode()

    def _short(self, text: str) -> str:
        return text.replace(f"{self.home}/", "").replace(self.stack.mongo_url, "…")

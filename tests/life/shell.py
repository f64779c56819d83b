"""The operator of the drill: types commands at one of the two clusters, and shows what they said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import LocalStack
from tests.support.cli import Cli

SHOWN = 3
TABLE = " │┌┬┐├┼┤└┴┘─━┏┳┓┡╇┩╭╮╰╯"
"""What lines of a table's frame are made of."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shell:
    """`gridwhistle` at one cluster. `home` is not shown; `wrong` takes what did not end as it should."""

    name: str
    stack: LocalStack
    home: Path
    say: Say
    wrong: list[str]

    async def __call__(self, *arguments: str, stdin: str | None = None, status: int = 0) -> None:
        """Type a command that is to end with a status; show the end of what it says."""
        self.say(f"{self.name}$ gridwhistle {self._short(' '.join(arguments))}")
        ended, printed, said = await self._run(arguments, stdin)
        lines = [line.rstrip() for line in (said or printed).splitlines() if line.strip(TABLE)]
        for line in lines[-SHOWN:]:
            self.say(f"   {self._short(line)}")
        if ended != status:
            self.wrong.append(f"{self.name}: {' '.join(arguments)} ended with {ended} and not {status}: {said[-2000:]}")

    async def json(self, *arguments: str) -> Any:
        """Ask without showing anything.

        Raises:
            ValueError: it printed nothing that can be read.
        """
        _, printed, _ = await self._run((*arguments, "--json"), None)
        return json.loads(printed)

    async def can(self, *arguments: str) -> bool:
        """Say whether a command ends well, without showing anything."""
        ended, _, _ = await self._run(arguments, None)
        return ended == 0

    async def _run(self, arguments: tuple[str, ...], stdin: str | None) -> tuple[int, str, str]:
        ended = await Cli(self.stack.bootstrap, self.stack.env).run(*arguments, stdin=stdin)
        return ended.exit_code, ended.stdout, ended.stderr

    def _short(self, text: str) -> str:
        return text.replace(f"{self.home}/", "").replace(self.stack.mongo_url, "…")

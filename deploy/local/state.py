"""What a running stack leaves on disk for `status` and `down`: a lock that dies with its owner, and state.json."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Literal

from pydantic import ValidationError

from deploy.local.config import Value
from deploy.local.errors import AlreadyRunningError
from deploy.local.keys import write_private

Phase = Literal["ready", "degraded", "stopping", "stopped", "failed"]


class ComponentState(Value):
    """One line of the table."""

    name: str
    pid: int | None
    port: int
    log: str
    service: bool


class StackState(Value):
    """What is running, where, and what went wrong last."""

    pid: int
    phase: Phase
    broker: str
    bootstrap: str
    mongo_url: str
    secure: bool = False
    state: str
    topics: tuple[str, ...] = ()
    components: tuple[ComponentState, ...] = ()
    problems: tuple[str, ...] = ()


class Lock:
    """Held by the process that runs a stack; the kernel lets go of it when that process dies, however it dies."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take it.

        Raises:
            AlreadyRunningError: another process runs a stack in this state directory.
        """
        self._run.mkdir(parents=True, exist_ok=True)
        file = (self._run / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise AlreadyRunningError(self._run.parent, owner(self._run)) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
            self._file = None


def owner(run: Path) -> int | None:
    """Return the process that runs a stack there, None when nobody does."""
    path = run / "lock"
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read().strip() or 0) or None
    return None


def write(run: Path, state: StackState) -> None:
    """Replace state.json in one step."""
    write_private(run / "state.json", state.model_dump_json(indent=2) + "\n")


def read(run: Path) -> StackState | None:
    """Return what the running or last stack wrote, if it can be read."""
    try:
        return StackState.model_validate(json.loads((run / "state.json").read_text()))
    except (OSError, ValueError, ValidationError):
        return None

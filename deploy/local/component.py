"""One process of the stack: started, watched until it answers, ended in good order, never left behind.

Plain `subprocess.Popen`, so that a component may be started in one event loop and stopped in another (pytest does).
"""

import asyncio
import ctypes
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from deploy.local.config import ROOT
from deploy.local.errors import ComponentError
from deploy.local.machine import HOST, check_ports

POLL_SECONDS = 0.03
LAST_LINES = 12
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the one that started it is killed: kill -9 leaves no orphans."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def together(*tasks: Coroutine[object, object, object]) -> None:
    """Run all of them; the first failure ends the others and is raised itself, not inside a group."""
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)
    except* Exception as failed:  # noqa: BLE001 - raised again on the next line
        raise failed.exceptions[0] from None


@dataclass(frozen=True)
class Program:
    """What to run and how to know that it is well. `port` 0: it has no HTTP or broker port to show."""

    name: str
    argv: tuple[str, ...]
    log: Path
    probe: Callable[[], Awaitable[bool]]
    port: int = 0
    more_ports: tuple[int, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    start_seconds: float = 60
    stop_seconds: float = 20

    def wanted_ports(self) -> list[tuple[int, str]]:
        """Return each port with the name of who wants it."""
        return [(port, self.name) for port in (self.port, *self.more_ports) if port]


class Component:
    """A program and its process, if it has one now."""

    def __init__(self, program: Program, run: Path) -> None:
        self.program = program
        self._pid_file = run / f"{program.name}.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Return its name in logs, tables and messages."""
        return self.program.name

    @property
    def url(self) -> str:
        """Return where it answers HTTP."""
        return f"http://{HOST}:{self.program.port}"

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Return whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def died(self) -> bool:
        """Return whether it was started, was not stopped by us, and is gone."""
        return self._process is not None and self._process.poll() is not None

    def last_lines(self, count: int = LAST_LINES) -> list[str]:
        """Return the end of its log."""
        if not self.program.log.exists():
            return []
        return self.program.log.read_text(errors="replace").splitlines()[-count:]

    def failure(self, what: str) -> ComponentError:
        """Return the error that names this component and shows its last words."""
        return ComponentError(self.name, what, self.program.log, self.last_lines(), self.program.hint)

    def obituary(self) -> ComponentError:
        """Return the error for a component that ended by itself."""
        code = self._process.returncode if self._process else 0
        if code >= 0:
            return self.failure(f"ended by itself with exit status {code}")
        # The hint tells what a start may lack; who was killed had started.
        killed = f"was killed by {signal.Signals(-code).name}"
        return ComponentError(self.name, killed, self.program.log, self.last_lines())

    async def start(self, env: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it answers; `env` replaces settings from now on.

        Call from the main thread: the kernel ties a child to the *thread* that made it.

        Raises:
            PortTakenError: another program has its port.
            ComponentError: it ended, or did not get ready in time.
        """
        self.launch(env)
        await self.wait_ready()

    def launch(self, env: Mapping[str, str] | None = None) -> None:
        """Start its process unless it runs, and do not wait; `env` as above.

        Raises:
            PortTakenError: another program has its port.
        """
        if env:
            self.program = replace(self.program, env={**self.program.env, **env})
        if not self.alive:
            check_ports(self.program.wanted_ports())
            self._spawn()

    def _spawn(self) -> None:
        self.program.log.parent.mkdir(parents=True, exist_ok=True)
        with self.program.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.program.argv,
                cwd=ROOT,
                env={**os.environ, **self.program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock of Python's is taken in the child
            )
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.write_text(f"{self._process.pid}\n")

    async def wait_ready(self) -> None:
        """Wait until it answers.

        Raises:
            ComponentError: it ended first, or its time is up.
        """
        deadline = monotonic() + self.program.start_seconds
        while monotonic() < deadline:
            if self.died:
                raise self.obituary()
            if await self.program.probe():
                return
            await asyncio.sleep(POLL_SECONDS)
        raise self.failure(f"is not ready after {self.program.start_seconds:.0f} s")

    async def stop(self) -> bool:
        """End it with SIGTERM and wait; return whether it went by itself. One that does not is killed."""
        if self._process is None:
            return True
        self._process.terminate()
        graceful = await self._gone(self.program.stop_seconds)
        if not graceful:
            self.kill()
        self._forget()
        return graceful

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def restart(self, env: Mapping[str, str] | None = None) -> None:
        """Start it again, after a stop if it still runs."""
        await self.stop()
        await self.start(env)

    async def _gone(self, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while self.alive and monotonic() < deadline:  # noqa: ASYNC110 - a process sets no asyncio.Event
            await asyncio.sleep(POLL_SECONDS)
        return not self.alive

    def _forget(self) -> None:
        self._process = None
        self._pid_file.unlink(missing_ok=True)

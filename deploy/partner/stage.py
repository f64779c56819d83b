"""A local stack for plays and replays: fresh data, and services whose virtual clock can be set, and set again."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from deploy.local import LocalStack, StackConfig, StackError
from deploy.local.component import together
from deploy.local.config import all_services
from deploy.local.errors import AlreadyRunningError
from deploy.local.machine import check_ports
from deploy.local.report import Report, silent
from deploy.local.state import owner
from shared.infra.clock import ScaledClock, SteppedClock, pause, wall_clock

T = TypeVar("T")

DATA = ("mongo", "kafka", "logs", "run")
LEAD_SECONDS = 6.0
"""What the services are given to get ready before the virtual clock reaches its start; it waits there for nobody."""


class Stage:
    """`async with Stage(config) as stage`, then `await stage.run(start, rate)` for each stretch of virtual time."""

    def __init__(self, config: StackConfig, report: Report = silent) -> None:
        self._services = config.services or all_services()
        self.stack = LocalStack(config.model_copy(update={"services": ()}), report)

    async def __aenter__(self) -> Self:
        """Forget the last time, and start database and broker, topics and profiles.

        Raises:
            StackError: a port is taken, the stack runs already, a program is missing, the data is somebody else's.
        """
        config = self.stack.config
        running = owner(config.run)
        if running is not None:
            raise AlreadyRunningError(config.state, running)
        check_ports((config.ports.service(name), name) for name in self._services)
        _forget(config.state, config.cache)
        await self.stack.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """End everything, the services first: what a broker that forgets still holds is of no use any more."""
        await asyncio.gather(*(service.stop() for _, service in self.stack.replicas()))
        await self.stack.stop()

    async def run(self, start: datetime, rate: float, lead: float = LEAD_SECONDS) -> ScaledClock:
        """(Re)start the services on a clock that runs `rate` times as fast; return at the virtual instant `start`."""
        clock = ScaledClock(start, wall_clock() + timedelta(seconds=lead), rate)
        await together(*(self._begin(name, clock.settings()) for name in self._services))
        await pause(max(0.0, clock.real_seconds(start - clock.now())))
        return clock

    async def stepped(self, start: datetime) -> SteppedClock:
        """(Re)start the services on a clock that stands at `start` until it is moved."""
        steps = self.stack.config.run / "clock.steps"
        steps.unlink(missing_ok=True)
        clock = SteppedClock(steps)
        clock.move(start)
        await together(*(self._begin(name, {"GW_CLOCK_STEPS": str(steps)}) for name in self._services))
        return clock

    async def _begin(self, name: str, env: dict[str, str]) -> None:
        known = {service for service, _ in self.stack.replicas()}
        if name in known:
            await self.stack.service(name).restart(env)
        else:
            await self.stack.add_replica(name, env)


def _forget(state: Path, cache: Path) -> None:
    """Remove what the last play left, and nothing that a play did not make: `make up` keeps data that somebody wants.

    Raises:
        StackError: the directory holds the data of another stack.
    """
    mark = state / "made-by-a-play"
    if state == cache or ((state / "mongo").exists() and not mark.exists()):
        raise StackError(f"{state} is for the data of a stack that is kept; take another --state.")
    for part in DATA:
        shutil.rmtree(state / part, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    mark.touch()


def until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run it; SIGTERM ends it as Ctrl-C does, so that nothing is left behind.

    Raises:
        KeyboardInterrupt: it was ended.
    """

    async def guarded() -> T:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(guarded())

"""Notices that something died and starts it again, as any platform would; what cannot go on ends the stack."""

import asyncio
from collections import deque
from collections.abc import Callable

from deploy.local import dedicated
from deploy.local.component import Component
from deploy.local.errors import StackError
from deploy.local.report import Report
from deploy.local.stack import LocalStack
from shared.infra.clock import monotonic

LOOK_SECONDS = 0.5
# One that dies more often than this cannot start at all (a wrong setting, a bug); starting it for ever would hide that.
MAX_RESTARTS = 3
RESTART_WINDOW_SECONDS = 60.0


class Watch:
    """Looks after one stack until it is cancelled."""

    def __init__(self, stack: LocalStack, report: Report, changed: Callable[[], object]) -> None:
        self.problems: list[str] = []
        self._stack = stack
        self._report = report
        self._changed = changed
        self._restarts: dict[str, deque[float]] = {}
        self._given_up: set[str] = set()

    @property
    def degraded(self) -> bool:
        """Return whether something is down and stays down."""
        return bool(self._given_up)

    async def forever(self) -> None:
        """Look again and again.

        Raises:
            StackError: the broker or mongod is down and stays down, or the broker has forgotten everything.
        """
        while True:
            await self._follow()
            for component in self._stack.components():
                if component.died and component.name not in self._given_up:
                    self._look_after(component)
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self) -> None:
        """Have the workers for single districts that are asked for."""
        wanted = dedicated.places(dedicated.read(self._stack.config.run))
        if wanted == self._stack.dedicated:
            return
        try:
            await self._stack.dedicate(wanted)
        except StackError as refused:
            self._tell(f"Workers for one district could not be started: {refused}")
        self._changed()

    def _look_after(self, component: Component) -> None:
        obituary = component.obituary()
        if self._forgets(component):
            raise obituary
        if self._too_often(component.name):
            self._give_up(
                component, obituary, f"It is not started again: {MAX_RESTARTS} times in a minute did not help."
            )
            return
        try:
            component.launch()
        except StackError as refused:
            self._give_up(component, obituary, f"It could not be started again: {refused}")
        else:
            self._tell(f"{obituary}\nIt was started again.")

    def _forgets(self, component: Component) -> bool:
        """Say whether it kept in memory what nobody else has: Tansu comes back without topics, records and offsets."""
        return component is self._stack.broker and self._stack.config.broker == "tansu"

    def _give_up(self, component: Component, obituary: StackError, why: str) -> None:
        """Leave it down; without broker or database the stack ends."""
        if component in (self._stack.broker, self._stack.mongo):
            raise obituary
        self._given_up.add(component.name)
        self._tell(f"{obituary}\n{why}")

    def _too_often(self, name: str) -> bool:
        now = monotonic()
        recent = self._restarts.setdefault(name, deque(maxlen=MAX_RESTARTS))
        if len(recent) == MAX_RESTARTS and now - recent[0] < RESTART_WINDOW_SECONDS:
            return True
        recent.append(now)
        return False

    def _tell(self, problem: str) -> None:
        self.problems.append(problem)
        self._report(problem)
        self._changed()

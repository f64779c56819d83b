"""Notices that something died. A service is started again, as any platform would; broker and mongod end the stack."""

import asyncio
from collections import deque
from collections.abc import Callable

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
            StackError: the broker or mongod ended; the services cannot go on without them.
        """
        while True:
            for component in self._stack.infra():
                if component.died:
                    raise component.obituary()
            for _, component in self._stack.replicas():
                if component.died and component.name not in self._given_up:
                    self._look_after(component)
            await asyncio.sleep(LOOK_SECONDS)

    def _look_after(self, component: Component) -> None:
        problem = str(component.obituary())
        if self._too_often(component.name):
            self._given_up.add(component.name)
            self._tell(f"{problem}\nIt is not started again: {MAX_RESTARTS} times in a minute did not help.")
            return
        try:
            component.launch()
        except StackError as refused:
            self._given_up.add(component.name)
            self._tell(f"{problem}\nIt could not be started again: {refused}")
        else:
            self._tell(f"{problem}\nIt was started again.")

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

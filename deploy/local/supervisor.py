"""The process that a stack lives in: starts it, watches it, keeps state.json, ends it on SIGTERM or Ctrl-C.

`serve` runs in the terminal's own process (`up --foreground`); `python -m deploy.local.supervisor CONFIG` is the same
in the background and tells its starter, a line of JSON at a time, how far it is.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable

from deploy.local import dedicated, mongo, probes, state
from deploy.local.config import StackConfig
from deploy.local.errors import AlreadyRunningError, StackError
from deploy.local.report import Report
from deploy.local.stack import LocalStack
from deploy.local.state import ComponentState, Phase, StackState
from deploy.local.watch import Watch

Ready = Callable[[StackState], None]


class Supervisor:
    """Runs one stack from start to end."""

    def __init__(self, config: StackConfig, report: Report, ready: Ready) -> None:
        self._stack = LocalStack(config, self._hear)
        self._watch = Watch(self._stack, report, self._changed)
        self._report = report
        self._ready = ready
        self._ending = False
        self._topics: tuple[str, ...] = ()

    async def serve(self) -> None:
        """Start the stack, stay until told to end, end it.

        Raises:
            StackError: it could not start, or the broker or mongod ended.
        """
        _cancel_on_signals()
        try:
            async with self._stack:
                dedicated.forget(self._stack.config.run)
                self._topics = await probes.topics(self._stack.bootstrap, self._stack.kafka_options())
                self._ready(self._changed())
                try:
                    await self._watch.forever()
                finally:
                    self._ending = True
                    self._write("stopping")
        except AlreadyRunningError:
            raise
        except StackError as error:
            self._watch.problems.append(str(error))
            self._write("failed")
            raise
        except asyncio.CancelledError:
            self._write("stopped")

    def _hear(self, line: str) -> None:
        """Pass on what the stack says; what it says at its end is a problem that `down` shows."""
        self._report(line)
        if self._ending:
            self._watch.problems.append(line)

    def _changed(self) -> StackState:
        return self._write("degraded" if self._watch.degraded else "ready")

    def _write(self, phase: Phase) -> StackState:
        config = self._stack.config
        now = StackState(
            pid=os.getpid(),
            phase=phase,
            broker=config.broker,
            bootstrap=self._stack.bootstrap,
            mongo_url=mongo.url(config.ports.mongo),
            secure=config.secure,
            state=str(config.state),
            topics=self._topics,
            components=tuple(self._component_states()),
            problems=tuple(self._watch.problems),
        )
        state.write(config.run, now)
        return now

    def _component_states(self) -> list[ComponentState]:
        services = {component.name for _, component in self._stack.replicas()}
        return [
            ComponentState(
                name=component.name,
                pid=component.pid,
                port=component.program.port,
                log=str(component.program.log),
                service=component.name in services,
            )
            for component in self._stack.components()
        ]


def _cancel_on_signals() -> None:
    """Turn the first SIGINT or SIGTERM into a cancellation; later ones must not interrupt the clean end."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def end() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


def _say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _report(line: str) -> None:
    _say(line=line)


def _ready(now: StackState) -> None:
    """Tell the starter that all is up, and let go of its pipe."""
    _say(ready=json.loads(now.model_dump_json()))
    os.dup2(2, 1)


def main() -> int:
    """Serve in the background; standard error is the supervisor's log."""
    config = StackConfig.model_validate_json(sys.argv[1])
    try:
        asyncio.run(Supervisor(config, _report, _ready).serve())
    except StackError as error:
        _say(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

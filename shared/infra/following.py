"""Following one report: spans of what engines do, and at debug level a log line for each of their decisions.

The four services' lines tell one report's way by its case id, their spans by its trace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from shared.decision import S
from shared.infra.engine.core import Engine, EngineObserver
from shared.infra.engine.correlation import about, case_of
from shared.infra.engine.fold import Applied, Rejection
from shared.infra.engine.inbox import Input
from shared.infra.log import get_logger
from shared.infra.settings import ServiceSettings
from shared.infra.tracing import Tracing, tracing_of


# No slots: on Python 3.11 a frozen generic with slots cannot be made as Class[Type](...).
@dataclass(frozen=True)
class DecisionLog(Generic[S]):
    """An observer in front of another that writes each saved decision down."""

    behind: EngineObserver[S]
    enter: Callable[[Input], Input] | None

    def applied(self, applied: Applied[S]) -> None:
        """Write one line: what about, why, and the words of what was told of it."""
        source = applied.source if self.enter is None else self.enter(applied.source)
        told = [_word(event) for event in applied.decision.events]
        get_logger().debug("decided", reason=applied.decision.reason, told=told, **about(source, case_of(applied)))
        self.behind.applied(applied)

    def rejected(self, rejection: Rejection) -> None:
        """Leave it to the one behind."""
        self.behind.rejected(rejection)

    def counted(self, outcome: str, number: int) -> None:
        """Leave it to the one behind."""
        self.behind.counted(outcome, number)


def log_passed(tracing: Tracing | None, sources: Sequence[Input]) -> None:
    """Write one line for each command that was passed on without a state of its own."""
    for source in sources:
        entered = source if tracing is None else tracing.enter(source)
        get_logger().debug("passed_on", told=[_word(source.event)], **about(entered))


def _word(event: Any) -> str:
    return str(event.type).removeprefix("gridwhistle.").removesuffix(".v1")


def follow(
    settings: ServiceSettings, service: str, engines: Sequence[Engine[Any]], *, begins: bool = False
) -> Tracing | None:
    """Let engines be traced and their decisions written down, as far as the settings ask for it.

    Where they ask for neither, nothing is put in the engines' way. `begins`: see `Contexts`.
    """
    tracing = tracing_of(settings, service, begins=begins)
    for engine in engines:
        if tracing is not None:
            tracing.follow(engine)
        if settings.log_level == "debug":
            engine.observer = DecisionLog(engine.observer, engine.enter)
    return tracing


def closing(tracing: Tracing | None) -> list[Callable[[], Awaitable[None]]]:
    """Return what a service has to do about its traces when it ends."""
    return [] if tracing is None else [tracing.recorder.stop]

"""Structured logs: one JSON object a line, a constant event name and key-values, no personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict

from shared.infra.clock import monotonic
from shared.infra.settings import ServiceSettings

REPEAT_SECONDS = 30.0
"""A library's identical line is let through once in this time: 20 s without a broker made 1,700 lines of aiokafka."""

DEPTH = 12
"""Calls that are told of where an exception came from, the last ones."""


class RepeatFilter(logging.Filter):
    """Lets the same message of the same logger through once per `REPEAT_SECONDS`."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to keep the record."""
        key = (record.name, str(record.msg)[:80])
        now = monotonic()
        if now - self._last.get(key, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._last[key] = now
        return True


def name_exception(_: Any, __: str, said: EventDict) -> EventDict:
    """Say of an exception what it was and where; its text may quote a document, and with it a person."""
    error = _given(said.pop("exc_info", None))
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-DEPTH:]
        said["error"] = type(error).__name__
        said["at"] = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return said


def _given(info: Any) -> BaseException | None:
    """Return what a call meant by `exc_info`: an exception, the three parts of one, or "the one at hand"."""
    if isinstance(info, tuple):
        info = info[1]
    return info if isinstance(info, BaseException) else sys.exception() if info else None


def configure_logging(settings: ServiceSettings, service: str) -> None:
    """Send our own logs and the libraries' to standard error in one form."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    shared_steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_exception,
    ]
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*shared_steps, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared_steps))
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def get_logger() -> Any:
    """Return the logger."""
    return structlog.get_logger()

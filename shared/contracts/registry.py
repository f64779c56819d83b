"""Every message type by its CloudEvents type, found from the classes themselves; nothing is listed twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from shared.contracts import (
    advisories,
    agreeing,
    agreements,
    cases,
    disputes,
    escalations,
    incidents,
    mediation,
    moves,
    notifications,
    work,
)
from shared.contracts.base import Event
from shared.contracts.commands import Command

MODULES = (
    advisories,
    agreeing,
    agreements,
    cases,
    disputes,
    escalations,
    incidents,
    mediation,
    moves,
    notifications,
    work,
)
"""Importing a module is what makes its messages known; commands are imported by name."""


class UnknownTypeError(LookupError):
    """The message type is not one this version knows."""


def _leaves(base: type[Event]) -> Iterator[type[Event]]:
    for child in base.__subclasses__():
        if child.type and "type" in child.__dict__:
            yield child
        yield from _leaves(child)


@cache
def event_types() -> dict[str, type[Event]]:
    """Return every event and command class by its type, commands included."""
    return {cls.type: cls for cls in _leaves(Event)}


@cache
def command_types() -> dict[str, type[Command]]:
    """Return every command class by its type."""
    return {name: cls for name, cls in event_types().items() if issubclass(cls, Command)}


def decode(event_type: str, value: bytes) -> Event:
    """Validate the bytes of one message as its type.

    Raises:
        UnknownTypeError: the type is not known.
        pydantic.ValidationError: the bytes are not a valid message of that type.
    """
    cls = event_types().get(event_type)
    if cls is None:
        message = f"message type {event_type!r} is not known"
        raise UnknownTypeError(message)
    return cls.model_validate_json(value)

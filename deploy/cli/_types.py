"""Message types by the names that people type."""

import difflib
from collections.abc import Iterable

import typer

from deploy.contracts.asyncapi import PREFIX


def full_name(name: str, known: Iterable[str]) -> str | None:
    """Return the message type that a full or short name means (`task.accept`), None when there is none."""
    full = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
    return next((candidate for candidate in (full, f"{full}.v1") if candidate in known), None)


def required_name(name: str, known: Iterable[str], hint: str) -> str:
    """Return the message type that a name means.

    Raises:
        typer.BadParameter: there is none; the message names what is near.
    """
    choices = sorted(known)
    full = full_name(name, choices)
    if full is None:
        wanted = f"{PREFIX}{name.removeprefix(PREFIX).removesuffix('.v1')}.v1"
        near = difflib.get_close_matches(wanted, choices, n=3, cutoff=0.4)
        raise typer.BadParameter(f"{name!r} is not a message type; near it: {', '.join(near)}", param_hint=hint)
    return full

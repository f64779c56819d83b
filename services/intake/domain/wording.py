"""Sentences for what is wrong with a message, one a field, without the offending values: they may be personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from shared.decision import Poison

MAX_LINES = 20


class Invalid(Poison):
    """A message whose fields are wrong; `lines` has one line for each of them."""

    def __init__(self, error: str, lines: Sequence[str]) -> None:
        super().__init__(error, "; ".join(lines))
        self.lines = tuple(lines)


def wrong_fields(error: ValidationError) -> list[str]:
    """Return one line a wrong field, e.g. `location.lat: Input should be less than or equal to 90`."""
    details: list[Any] = error.errors(include_url=False, include_input=False, include_context=False)
    return [_line(detail["loc"], detail["msg"]) for detail in details[:MAX_LINES]]


def _line(location: Sequence[int | str], message: str) -> str:
    return f"{'.'.join(str(part) for part in location) or 'message'}: {message.removeprefix('Value error, ')}"

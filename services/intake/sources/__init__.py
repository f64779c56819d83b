"""Input formats, one module each, found by name: a partner's `report_format` in the profile is the module's name.

A format is a function `parse(payload) -> Report` that raises `Invalid` with a line a field. It maps fields and nothing
else: time, place, category and text are normalised behind it, the same for every format. What it cannot place goes
into `attributes`, so that nothing a partner says is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from shared.contracts.incidents import Report
from shared.decision import Poison

Parse = Callable[[dict[str, Any]], Report]


@cache
def formats() -> Mapping[str, Parse]:
    """Return every format by name."""
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    return {name: import_module(f"{__name__}.{name}").parse for name in names}


def parse_report(report_format: str, payload: dict[str, Any]) -> Report:
    """Return the report that a payload is in a partner's format.

    Raises:
        Poison: `invalid-report`, with a line a field, or because the profile names a format that does not exist.
    """
    parse = formats().get(report_format)
    if parse is None:
        known = ", ".join(sorted(formats()))
        raise Poison("invalid-report", f"The profile names the report format {report_format!r}; there are {known}.")
    return parse(payload)

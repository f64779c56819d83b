"""Commands about grid workers' own work: of no case, so intake says which township's book they belong in."""

from __future__ import annotations

from typing import Any

from services.intake.domain.wording import Invalid
from shared.contracts.commands import Command
from shared.contracts.work import WorkCommand, work_id
from shared.district.lookup import DirectoryIndex

_DISTRICT = 6


def is_work(cls: type[Command]) -> bool:
    """Say whether a command is about work and not about a case."""
    return issubclass(cls, WorkCommand)


def district_of_grid(payload: dict[str, Any]) -> str | None:
    """Return the district in the grid's code; a command that names a worker alone has to come on a district's topic."""
    grid = payload.get("grid")
    return grid[:_DISTRICT] if isinstance(grid, str) and grid[:_DISTRICT].isdecimal() else None


def addressed(payload: dict[str, Any], index: DirectoryIndex) -> dict[str, Any]:
    """Return the command with the number of its book, by where its grid lies today, else by where its worker works.

    Raises:
        Invalid: `invalid-command`, the profile does not know the grid, or somebody named: no name of a person gets by.
    """
    for name in ("worker", "substitute"):
        if payload.get(name) is not None and index.worker_township(str(payload[name])) is None:
            raise Invalid("invalid-command", [f"{name}: nobody of that reference has a grid in the profile"])
    given, worker = payload.get("grid"), payload.get("worker")
    if given is not None:
        grid = index.grid_by_code(str(given).strip().upper(), _degrees(payload, "lon"), _degrees(payload, "lat"))
        if grid is None:
            raise Invalid("invalid-command", ["grid: is not one of the profile's"])
        return {**payload, "grid": grid.code, "case_id": work_id(grid.code)}
    township = index.worker_township(str(worker))
    if township is None:
        raise Invalid("invalid-command", ["worker: is missing"])
    return {**payload, "case_id": work_id(township)}


def _degrees(payload: dict[str, Any], name: str) -> float | None:
    given = payload.get(name)
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else None

"""Grid workers and what they owe: obligations that some grid has, workers at home in one township."""

from __future__ import annotations

from collections.abc import Iterator

from shared.district.problems import Finding
from shared.district.shape import Shaped


def obligations(shaped: Shaped) -> Iterator[Finding]:
    """Every obligation has an id of its own and is owed in some grid."""
    if "work" in shaped.broken:
        return
    seen: set[str] = set()
    for at, one in enumerate(shaped.profile.work.obligations):
        loc = ("work", "obligations", at)
        if one.id in seen:
            yield Finding((*loc, "id"), f"'{one.id}' is given twice; give each id once")
        seen.add(one.id)
        if not any(map(one.owed_in, shaped.profile.grids)) and "grids" not in shaped.broken:
            yield Finding((*loc, "grids"), f"no grid owes '{one.id}': there is none of kind {' or '.join(one.grids)}")


def workers(shaped: Shaped) -> Iterator[Finding]:
    """All grids of a worker lie in one township: it keeps the book on the worker's leave, training and points."""
    home: dict[str, tuple[str, int]] = {}
    for at, grid in enumerate(shaped.profile.grids):
        if grid.worker is None or grid.retired:
            continue
        township, first = home.setdefault(grid.worker, (grid.township, at))
        if township != grid.township:
            yield Finding(
                ("grids", at, "worker"),
                f"'{grid.worker}' works in township {township} already; a worker's grids lie in one township",
                ("grids", first, "worker"),
            )

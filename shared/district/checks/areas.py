"""Codes: each given once, each inside the area its digits name, grids linked to grids that exist."""

from __future__ import annotations

from collections.abc import Iterator

from shared.district.areas import Grid
from shared.district.problems import Finding, Loc, unknown
from shared.district.shape import Shaped

_KEYED = {
    "townships": "code",
    "communities": "code",
    "grids": "code",
    "departments": "code",
    "partners": "id",
    "categories": "key",
    "classes": "key",
    "overrides": "id",
    "rules": "id",
}


def unique_codes(shaped: Shaped) -> Iterator[Finding]:
    """Every code is given once in its section."""
    for section, key in _KEYED.items():
        first: dict[str, Loc] = {}
        for at, entry in enumerate(getattr(shaped.profile, section)):
            code = getattr(entry, key)
            if code in first:
                yield Finding((section, at, key), f"'{code}' is given twice; give each {key} once", first[code])
            first.setdefault(code, (section, at, key))


def prefixes(shaped: Shaped) -> Iterator[Finding]:
    """Every area lies in one that exists: township in the district, community in a township, grid in a community."""
    if "code" not in shaped.broken:
        yield from _inside(shaped, "townships", {shaped.profile.code}, "district")
    yield from _inside(shaped, "communities", shaped.declared.get("townships", set()), "township")
    yield from _inside(shaped, "grids", shaped.declared.get("communities", set()), "community")


def _inside(shaped: Shaped, section: str, outer: set[str], level: str) -> Iterator[Finding]:
    size = {"district": 6, "township": 9, "community": 12}[level]
    for at, entry in enumerate(getattr(shaped.profile, section)):
        if entry.code[:size] not in outer:
            yield Finding(
                (section, at, "code"),
                f"'{entry.code}' begins with {entry.code[:size]}, but there is no {level} of that code",
            )


def grid_links(shaped: Shaped) -> Iterator[Finding]:
    """Parents and successors of grids exist, a sub-grid has no sub-grids, and re-cutting never goes in a circle."""
    known = shaped.declared.get("grids", set())
    grids = {grid.code: grid for grid in shaped.profile.grids}
    for at, grid in enumerate(shaped.profile.grids):
        for code in grid.successors:
            if code not in known:
                yield Finding(("grids", at, "successors"), unknown("grid", code, known))
        if len(set(grid.successors)) < len(grid.successors):
            yield Finding(("grids", at, "successors"), "names an heir twice; name each once")
        if grid.parent is not None:
            yield from _parent(grid, grids, known, at)
        if _returns(grid, grids):
            yield Finding(("grids", at, "successors"), "its successors lead back to it; it needs an heir in force")


def _parent(grid: Grid, grids: dict[str, Grid], known: set[str], at: int) -> Iterator[Finding]:
    code = grid.parent or ""
    if code not in known or code == grid.code:
        yield Finding(("grids", at, "parent"), unknown("other grid", code, known - {grid.code}))
    elif code in grids and grids[code].retired and not grid.retired:
        heirs = " or ".join(grids[code].successors)
        yield Finding(("grids", at, "parent"), f"'{code}' was re-cut; name what it is part of now, {heirs}")
    elif code in grids and grids[code].parent is not None:
        yield Finding(("grids", at, "parent"), f"'{code}' is itself a sub-grid; only one level of them is possible")


def _returns(grid: Grid, grids: dict[str, Grid]) -> bool:
    """Say whether following successors from a grid comes back to it."""
    seen: set[str] = set()
    todo = list(grid.successors)
    while todo:
        code = todo.pop()
        if code == grid.code:
            return True
        if code in grids and code not in seen:
            seen.add(code)
            todo.extend(grids[code].successors)
    return False

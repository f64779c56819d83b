"""Where a team musters: words that name a grid have the grid's middle, all other words no point and so no fence."""

from __future__ import annotations

from services.escalation.domain.geo import middle
from shared.contracts.escalations import Place
from shared.district.areas import Grid
from shared.district.lookup import DirectoryIndex


def grid_place(grid: Grid, address: str) -> Place:
    """Return the middle of a grid; of one that is not drawn, the words alone."""
    if grid.polygon is None:
        return Place(address=address)
    lon, lat = middle(grid.polygon)
    return Place(lon=round(lon, 6), lat=round(lat, 6), address=address)


def named_place(directory: DirectoryIndex, words: str) -> Place:
    """Return the place that words name.

    A grid is a few hundred metres wide, as the fence is. The middle of a community is not where its people are: a
    wrong fence keeps out those who came, so it gets none.
    """
    grid = _grid(directory, words)
    return Place(address=words) if grid is None else grid_place(grid, words)


def _grid(directory: DirectoryIndex, words: str) -> Grid | None:
    """Return the one grid in force whose code the words are, or whose name they contain; of two, the longer name."""
    by_code = directory.grid_by_code(words.strip().upper())
    if by_code is not None:
        return by_code
    named = [one for one in directory.profile.grids if not one.retired and one.name in words]
    longest = max((len(one.name) for one in named), default=0)
    best = [one for one in named if len(one.name) == longest]
    return best[0] if len(best) == 1 else None

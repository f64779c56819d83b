"""Which grid a point lies in: the polygons of a district in one R-tree, asked for many points at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from shared.district.areas import Grid, GridKind


def _rank(grid: Grid) -> tuple[int, str]:
    """Order grids from the most particular: sub-grid, exclusive grid, basic grid."""
    if grid.parent is not None:
        return 0, grid.code
    return (1 if grid.kind is GridKind.EXCLUSIVE else 2), grid.code


class GridMap:
    """The polygons of the grids in force; a point in several belongs to the most particular one."""

    def __init__(self, grids: Iterable[Grid]) -> None:
        drawn = sorted((grid for grid in grids if grid.polygon and not grid.retired), key=_rank)
        self._codes = [grid.code for grid in drawn]
        self._tree = shapely.STRtree([shapely.Polygon(grid.polygon) for grid in drawn])

    def at(self, lons: Sequence[float], lats: Sequence[float]) -> list[str | None]:
        """Return the grid code of each point (WGS-84 degrees), None outside every polygon."""
        points = shapely.points(np.asarray(lons, dtype=float), np.asarray(lats, dtype=float))
        asked, found = self._tree.query(points, predicate="intersects")
        best = np.full(len(points), len(self._codes))
        np.minimum.at(best, asked, found)
        return [self._codes[n] if n < len(self._codes) else None for n in best.tolist()]

"""Outlines of grids: simple, and no two grids of one layer on the same ground."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely

from shared.district.problems import Finding
from shared.district.shape import Shaped

TOLERANCE = 0.01
"""Share of the smaller grid that may overlap: rounding of coordinates and hand-drawn borders, not a double claim."""


def outlines(shaped: Shaped) -> Iterator[Finding]:
    """No outline crosses itself."""
    for at, grid in enumerate(shaped.profile.grids):
        if grid.polygon and not shapely.Polygon(grid.polygon).is_valid:
            reason = shapely.is_valid_reason(shapely.Polygon(grid.polygon))
            yield Finding(("grids", at, "polygon"), f"the outline is not a simple polygon ({reason})")


def overlaps(shaped: Shaped) -> Iterator[Finding]:
    """Grids in force of one layer do not overlap; an exclusive grid may lie in a basic one."""
    layers: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    for at, grid in enumerate(shaped.profile.grids):
        if grid.polygon and not grid.retired and shapely.Polygon(grid.polygon).is_valid:
            layers[grid.kind, grid.parent is not None].append(at)
    for members in layers.values():
        yield from _overlaps(shaped, members)


def _overlaps(shaped: Shaped, members: list[int]) -> Iterator[Finding]:
    grids = shaped.profile.grids
    shapes = np.array([shapely.Polygon(grids[at].polygon) for at in members])
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one > two], two[one > two]
    common = shapely.area(shapely.intersection(shapes[one], shapes[two]))
    smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[two]))
    share = common / smaller
    for n in np.flatnonzero(share > TOLERANCE).tolist():
        later, earlier = members[one[n]], members[two[n]]
        yield Finding(
            ("grids", later, "polygon"),
            f"overlaps grid {grids[earlier].code} by {share[n]:.0%} of the smaller one; grids of one kind must not",
            ("grids", earlier),
        )

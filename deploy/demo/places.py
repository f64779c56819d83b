"""Where things happen: points inside the grids of a profile, and moving a few metres from one."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from math import cos, radians
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

import shapely

from shared.district.areas import Grid
from shared.district.model import Profile

METRES_A_DEGREE = 111_320
TOWN_WEIGHT = 6.0
"""A street's grid holds so many times the people, and so the reports, of a village's."""

_STREETS = range(1, 100)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as a partner knows it; WGS-84 degrees."""

    grid: str
    community: str
    township: str
    lon: float
    lat: float

    @property
    def address(self) -> str:
        """Return it in words."""
        return f"{self.township}{self.community}"


def moved(lon: float, lat: float, east: float, north: float) -> tuple[float, float]:
    """Return the position so many metres away."""
    return lon + east / (METRES_A_DEGREE * cos(radians(lat))), lat + north / METRES_A_DEGREE


class Places:
    """The grids of a district that have an outline, the crowded ones drawn more often."""

    def __init__(self, profile: Profile) -> None:
        self._names = {one.code: one.name for one in profile.townships} | {
            one.code: one.name for one in profile.communities
        }
        self._grids = [grid for grid in profile.grids if grid.polygon and not grid.retired]
        self._weights = list(accumulate(_weight(grid) for grid in self._grids))

    def draw(self, dice: Random) -> Spot:
        """Return a point in some grid."""
        grid = self._grids[bisect(self._weights, dice.random() * self._weights[-1])]
        return self.within(grid, dice)

    def near(self, community: str, dice: Random) -> Spot:
        """Return a point in a grid of the community with that code, in any grid when it has none."""
        own = [grid for grid in self._grids if grid.community == community]
        return self.within(dice.choice(own), dice) if own else self.draw(dice)

    def within(self, grid: Grid, dice: Random) -> Spot:
        """Return a point in a grid."""
        shape = shapely.Polygon(grid.polygon)
        west, south, east, north = shape.bounds
        for _ in range(40):
            lon, lat = dice.uniform(west, east), dice.uniform(south, north)
            if shape.contains(shapely.Point(lon, lat)):
                return self._spot(grid, lon, lat)
        inside = shape.representative_point()
        return self._spot(grid, inside.x, inside.y)

    def _spot(self, grid: Grid, lon: float, lat: float) -> Spot:
        community = self._names.get(grid.community, grid.name)
        return Spot(grid.code, _short(community), self._names.get(grid.township, ""), round(lon, 6), round(lat, 6))


def _weight(grid: Grid) -> float:
    return TOWN_WEIGHT if int(grid.township[6:]) in _STREETS else 1.0


def _short(community: str) -> str:
    """Return the name people use: 解放中路社区居委会 -> 解放中路社区."""
    for ending in ("居民委员会", "居委会", "民委员会", "委会"):
        community = community.removesuffix(ending)
    return community

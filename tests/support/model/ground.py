"""Where cases lie (网格调整): a grid that was cut anew ends in others, and what is open lies in one of those."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shared.district.areas import Grid
from shared.district.model import Profile

if TYPE_CHECKING:
    from tests.support.model.case import CaseFile
    from tests.support.model.district import DistrictModel

Place = dict[str, Any]


def grid_of(profile: Profile, code: str | None) -> Grid | None:
    """The grid under a code, in force or not."""
    return next((one for one in profile.grids if one.code == code), None)


def heirs(profile: Profile, grid: Grid) -> Iterator[Grid]:
    """What a grid ended in, through any number of cuts; itself where it is in force."""
    if not grid.successors:
        yield grid
    for code in grid.successors:
        found = grid_of(profile, code)
        if found is not None:
            yield from heirs(profile, found)


def holds(grid: Grid, place: Place) -> bool:
    """Say whether a position lies in a grid; the model's grids are rectangles."""
    if grid.polygon is None or place.get("lon") is None:
        return False
    lons, lats = zip(*grid.polygon, strict=True)
    return bool(min(lons) < place["lon"] < max(lons) and min(lats) < place["lat"] < max(lats))


def middle(grid: Grid) -> tuple[float, float]:
    """The middle of a grid that is drawn."""
    lons, lats = zip(*(grid.polygon or ()), strict=True)
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


def means(profile: Profile, code: str | None, place: Place) -> Grid | None:
    """The grid in force that a code means today: of several heirs the one the position lies in, else the first."""
    grid = grid_of(profile, code)
    if grid is None:
        return None
    found = list(heirs(profile, grid))
    return next((one for one in found if holds(one, place)), found[0])


def lying_in(grid: Grid) -> Place:
    """The codes of a place in a grid."""
    return {"grid": grid.code, "community": grid.code[:12], "township": grid.code[:9]}


class Ground:
    """Moves cases with their ground."""

    def __init__(self, district: DistrictModel) -> None:
        self.district = district

    def follow(self) -> None:
        """Let every open case lie in a grid that there is; one that has ended stays where it was."""
        for case in self.district.cases.values():
            old = grid_of(self.district.profile, case.place.get("grid"))
            if case.open and old is not None and old.successors:
                self.move(case)

    def move(self, case: CaseFile) -> None:
        """Nothing else of it changes; whoever works there now hears of it, for they verify it."""
        heir = means(self.district.profile, case.place["grid"], case.place)
        assert heir is not None
        case.place |= lying_in(heir)
        case.ground = self.district.profile
        self.district.happened(case, "case.moved", self.district.now, grid=heir.code)

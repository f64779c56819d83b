"""The profile as a service asks it: grids, addresses, categories, departments, partners, calendar and rules, indexed.

Built once for each version of a profile and shared by all who read it; nothing in it changes afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.incidents import Precision
from shared.district.addresses import AddressIndex, Named
from shared.district.areas import Community, Grid, Township
from shared.district.calendar import WorkingCalendar
from shared.district.categories import Category
from shared.district.departments import DepartmentIndex
from shared.district.mediation import MediatorIndex
from shared.district.model import Profile
from shared.district.naming import CategoryIndex
from shared.district.parties import Department, Partner
from shared.district.rules import RuleBook
from shared.district.spatial import GridMap

_COMMUNITY, _TOWNSHIP = 12, 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report says about its place; degrees in WGS-84."""

    grid: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report is, as precisely as it could be found; codes of wider areas are filled in."""

    precision: Precision
    grid: str | None = None
    community: str | None = None
    township: str | None = None


class DirectoryIndex:
    """Everything that can be looked up in one version of one district's profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.calendar = WorkingCalendar.of(profile)
        self.departments = DepartmentIndex(profile.departments)
        self.categories = CategoryIndex(profile)
        self.mediators = MediatorIndex(profile.mediators)
        self.rulebook = RuleBook(profile, self.departments)
        self._partners = {partner.id: partner for partner in profile.partners}
        self._townships = {one.code: one for one in profile.townships}
        self._communities = {one.code: one for one in profile.communities}
        self._grids = {one.code: one for one in profile.grids}
        self._workers = {one.worker: one.township for one in profile.grids if one.worker and not one.retired}
        self._map = GridMap(profile.grids)
        self._addresses = AddressIndex(profile.townships, profile.communities)

    def department(self, code: str) -> Department | None:
        """Return the department under that code."""
        return self.departments.get(code)

    def partner(self, partner_id: str) -> Partner | None:
        """Return the partner under that id."""
        return self._partners.get(partner_id)

    def township(self, code: str) -> Township | None:
        """Return the township under that code."""
        return self._townships.get(code)

    def community(self, code: str) -> Community | None:
        """Return the community or village under that code."""
        return self._communities.get(code)

    def category(self, value: str, label_map: str | None = None) -> Category | None:
        """Return the category that a key, old code, label, alias or name means (see `CategoryIndex.find`)."""
        return self.categories.find(value, label_map)

    def grid(self, code: str) -> Grid | None:
        """Return the grid under exactly that code, in force or retired."""
        return self._grids.get(code)

    def worker_township(self, worker: str) -> str | None:
        """Return the township in which a grid worker, by reference, has a grid."""
        return self._workers.get(worker)

    def grid_by_code(self, code: str, lon: float | None = None, lat: float | None = None) -> Grid | None:
        """Return the grid in force that a code means today: itself, or what it was re-cut into.

        Of several successors it is the one the point lies in, else the first.
        """
        grid = self._grids.get(code)
        if grid is None or not grid.retired:
            return grid
        heirs = self._heirs(grid)
        here = self.grid_at(lon, lat) if lon is not None and lat is not None else None
        return next((heir for heir in heirs if heir.code == here), heirs[0] if heirs else None)

    def heirs(self, code: str) -> tuple[Grid, ...]:
        """Return the grids in force that a code ends in; itself where it is in force, nothing where it is unknown."""
        grid = self._grids.get(code)
        if grid is None:
            return ()
        return tuple({heir.code: heir for heir in self._heirs(grid)}.values()) if grid.retired else (grid,)

    def _heirs(self, grid: Grid) -> list[Grid]:
        """Return the grids in force that a retired one ended in, through any number of re-cuts."""
        found = [self._grids[code] for code in grid.successors if code in self._grids]
        return [heir for one in found for heir in (self._heirs(one) if one.retired else [one])]

    def grid_at(self, lon: float, lat: float) -> str | None:
        """Return the code of the grid in which a WGS-84 point lies."""
        return self._map.at([lon], [lat])[0]

    def grids_at(self, lons: Sequence[float], lats: Sequence[float]) -> list[str | None]:
        """Return the grid code of each point; one call for a batch is many times cheaper than one for each."""
        return self._map.at(lons, lats)

    def by_address(self, text: str) -> Named:
        """Return the community or township that a text names."""
        return self._addresses.find(text)

    def locate(self, asked: Asked) -> Place:
        """Return the place of one report: given code, else polygon, else name, else the district."""
        return self.locate_all([asked])[0]

    def locate_all(self, asked: Sequence[Asked]) -> list[Place]:
        """Return the place of each report; the points are looked up together."""
        lons = [math.nan if one.lon is None else one.lon for one in asked]
        lats = [math.nan if one.lat is None else one.lat for one in asked]
        return [self._place(one, drawn) for one, drawn in zip(asked, self.grids_at(lons, lats), strict=True)]

    def _place(self, asked: Asked, drawn: str | None) -> Place:
        given = self._given(asked) if asked.grid else None
        if given is not None:
            return given
        if drawn is not None:
            return self._in_grid(drawn, Precision.POLYGON)
        return self._named(self.by_address(asked.address) if asked.address else Named())

    def _given(self, asked: Asked) -> Place | None:
        """Return the place of a code the report gives: of a grid, or of a community or township in its stead."""
        code = (asked.grid or "").strip().upper()
        grid = self.grid_by_code(code, asked.lon, asked.lat)
        if grid is not None:
            return self._in_grid(grid.code, Precision.GIVEN)
        if code in self._communities:
            return self._named(Named(code, code[:_TOWNSHIP]))
        return self._named(Named(None, code)) if code in self._townships else None

    @staticmethod
    def _in_grid(code: str, precision: Precision) -> Place:
        return Place(precision, code, code[:_COMMUNITY], code[:_TOWNSHIP])

    @staticmethod
    def _named(named: Named) -> Place:
        if named.community:
            return Place(Precision.COMMUNITY, None, named.community, named.township)
        if named.township:
            return Place(Precision.TOWNSHIP, None, None, named.township)
        return Place(Precision.DISTRICT)

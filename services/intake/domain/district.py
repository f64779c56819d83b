"""Which district a report belongs to whose sender does not know: by grid code, position, or the names it mentions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.intake.domain.place import TEXT_LOOKED_AT
from shared.district.lookup import Asked, DirectoryIndex

_DISTRICT = 6


@dataclass(frozen=True, slots=True)
class Extent:
    """A district and the rectangle around its polygons, so that a point is looked up only where it can be."""

    index: DirectoryIndex
    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of(cls, index: DirectoryIndex) -> Extent:
        """Measure a district; one without polygons holds no point."""
        points = [point for grid in index.profile.grids for point in grid.polygon or ()]
        lons, lats = [lon for lon, _ in points] or [181.0], [lat for _, lat in points] or [91.0]
        return cls(index, min(lons), min(lats), max(lons), max(lats))

    @property
    def code(self) -> str:
        """The district's code."""
        return self.index.profile.code

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a WGS-84 point lies in one of the district's grids."""
        inside = self.west <= lon <= self.east and self.south <= lat <= self.north
        return inside and self.index.grid_at(lon, lat) is not None


def find_district(extents: Iterable[Extent], asked: Asked, text: str) -> str | None:
    """Return the code of the one district that a report's grid code, position, address or text names; else None."""
    candidates = tuple(extents)
    grid = (asked.grid or "").strip()[:_DISTRICT]
    if grid in {extent.code for extent in candidates}:
        return grid
    if asked.lon is not None and asked.lat is not None:
        lon, lat = asked.lon, asked.lat
        found = next((extent.code for extent in candidates if extent.holds(lon, lat)), None)
        if found:
            return found
    words = f"{asked.address or ''} {text[:TEXT_LOOKED_AT]}"
    return _only(extent for extent in candidates if extent.index.profile.name in words) or _only(
        extent for extent in candidates if extent.index.by_address(words).township
    )


def _only(found: Iterable[Extent]) -> str | None:
    codes = {extent.code for extent in found}
    return codes.pop() if len(codes) == 1 else None

"""Coordinates of Chinese maps into WGS-84.

Chinese maps must shift what they show: GCJ-02 (高德, 腾讯, Apple) by some hundreds of metres in a way that has only a
forward formula, BD-09 (百度) a little further. The way back is found by iteration.
Source of the formulas: the published implementations of GCJ-02 and BD-09 (eviltransform, coordtransform), Krasovsky
1940 ellipsoid. Degrees everywhere, longitude first.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, hypot, pi, sin, sqrt
from typing import Any, Final

from shared.contracts.incidents import Datum

Point = tuple[float, float]

_A: Final = 6_378_245.0
_EE: Final = 0.006_693_421_622_965_943
_BD_PI: Final = pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
_ENOUGH: Final = 1e-6
"""Degrees. Each round leaves less than a hundredth of the error, so what remains after the last is below 1e-8: 1 mm."""
_ROUNDS: Final = 10

_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271


def in_china(lon: float, lat: float) -> bool:
    """Say whether the shift applies: inside the rectangle that the maps themselves use."""
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


def _waves(lon: float, lat: float) -> Point:
    """Return the two disturbances of GCJ-02, in metres."""
    x, y = lon - 105.0, lat - 35.0
    common = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    root = sqrt(abs(x))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    return east, north


def wgs84_to_gcj02(lon: float, lat: float) -> Point:
    """Return what a Chinese map shows for a true position."""
    if not in_china(lon, lat):
        return lon, lat
    east, north = _waves(lon, lat)
    radians = lat / 180.0 * pi
    magic = 1 - _EE * sin(radians) ** 2
    root = sqrt(magic)
    d_lat = north * 180.0 / ((_A * (1 - _EE)) / (magic * root) * pi)
    d_lon = east * 180.0 / (_A / root * cos(radians) * pi)
    return lon + d_lon, lat + d_lat


def gcj02_to_wgs84(lon: float, lat: float) -> Point:
    """Return the true position of a GCJ-02 one; outside China they are the same."""
    return _undone(wgs84_to_gcj02, lon, lat) if in_china(lon, lat) else (lon, lat)


def _undone(shift: Callable[[float, float], Point], lon: float, lat: float, off: Point = (0.0, 0.0)) -> Point:
    """Return what a shift turns into this position; looked for from here less `off`."""
    near_lon, near_lat = lon - off[0], lat - off[1]
    for _ in range(_ROUNDS):
        shown_lon, shown_lat = shift(near_lon, near_lat)
        off_lon, off_lat = shown_lon - lon, shown_lat - lat
        near_lon, near_lat = near_lon - off_lon, near_lat - off_lat
        if abs(off_lon) < _ENOUGH and abs(off_lat) < _ENOUGH:
            break
    return near_lon, near_lat


def gcj02_to_bd09(lon: float, lat: float) -> Point:
    """Return the BD-09 position of a GCJ-02 one."""
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_PI)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_PI)
    return radius * cos(angle) + _BD_LON, radius * sin(angle) + _BD_LAT


def bd09_to_gcj02(lon: float, lat: float) -> Point:
    """Return the GCJ-02 position of a BD-09 one."""
    return _undone(gcj02_to_bd09, lon, lat, (_BD_LON, _BD_LAT))


def to_wgs84(lon: float, lat: float, datum: Datum) -> Point:
    """Return the WGS-84 position of one in a named datum; outside China there is nothing to undo."""
    if datum is Datum.WGS84 or not in_china(lon, lat):
        return lon, lat
    if datum is Datum.BD09:
        lon, lat = bd09_to_gcj02(lon, lat)
    return gcj02_to_wgs84(lon, lat)


def straighten(location: dict[str, Any]) -> dict[str, Any]:
    """Return a location as a partner wrote it with longitude and latitude put right where they clearly are not.

    Clearly: the pair lies in China only the other way round. A pair of zeros, or half a pair, is no position.
    """
    lon, lat = _number(location.get("lon")), _number(location.get("lat"))
    if lon is None or lat is None:
        missing = location.get("lon") in (None, "") or location.get("lat") in (None, "")
        return {**location, "lon": None, "lat": None} if missing else location
    if lon == 0 == lat:
        return {**location, "lon": None, "lat": None}
    if in_china(lat, lon) and not in_china(lon, lat):
        return {**location, "lon": lat, "lat": lon}
    return location


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and abs(value) <= 360 else None  # noqa: PLR2004 - degrees

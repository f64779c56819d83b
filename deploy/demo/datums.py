"""From WGS-84 into the coordinate systems of Chinese map services (GCJ-02, BD-09), as partners' devices do it.

The published approximation of GCJ-02 (eviltransform); within metres of the real one. Degrees in and out.
"""

from __future__ import annotations

from math import atan2, cos, pi, sin, sqrt

from shared.contracts.incidents import Datum

Position = tuple[float, float]

_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323
_BD_TURN = pi * 3000.0 / 180.0


def convert(lon: float, lat: float, datum: Datum) -> Position:
    """Return a WGS-84 position in another datum."""
    if datum is Datum.WGS84:
        return lon, lat
    moved = _gcj02(lon, lat)
    return moved if datum is Datum.GCJ02 else _bd09(*moved)


def _gcj02(lon: float, lat: float) -> Position:
    x, y = lon - 105.0, lat - 35.0
    radians = lat / 180.0 * pi
    magic = 1 - _ECCENTRICITY * sin(radians) ** 2
    north = _north(x, y) * 180.0 / (_AXIS * (1 - _ECCENTRICITY) / (magic * sqrt(magic)) * pi)
    east = _east(x, y) * 180.0 / (_AXIS / sqrt(magic) * cos(radians) * pi)
    return lon + east, lat + north


def _wave(value: float) -> float:
    return (20.0 * sin(6.0 * value * pi) + 20.0 * sin(2.0 * value * pi)) * 2.0 / 3.0


def _north(x: float, y: float) -> float:
    shift = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + _wave(x)
    shift += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    return shift + (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0


def _east(x: float, y: float) -> float:
    shift = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + _wave(x)
    shift += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    return shift + (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0


def _bd09(lon: float, lat: float) -> Position:
    radius = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * _BD_TURN)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_TURN)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006

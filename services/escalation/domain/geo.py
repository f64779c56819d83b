"""Distances on the ground and the middle of a grid; WGS-84 degrees in, metres out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely

EARTH_RADIUS_M = 6_371_008.8
"""The mean radius (IUGG); good to 0.5 %, far finer than the position of a telephone."""

Position = tuple[float, float]
"""(longitude, latitude)."""


def haversine_m(one: Position, other: Position) -> float:
    """Return the great-circle distance between two positions in metres."""
    lon1, lat1, lon2, lat2 = (math.radians(value) for value in (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def middle(ring: Sequence[Position]) -> Position:
    """Return the centre of area of a ring."""
    centre = shapely.Polygon(ring).centroid
    return centre.x, centre.y


def outside_m(ring: Sequence[Position], at: Position) -> float:
    """Return how far outside a ring a position lies; nothing inside. Flat, which over a grid is off by centimetres."""
    lon, lat = (math.radians(1) * EARTH_RADIUS_M * share for share in (math.cos(math.radians(at[1])), 1))
    flat = shapely.Polygon([(x * lon, y * lat) for x, y in ring])
    return float(flat.distance(shapely.Point(at[0] * lon, at[1] * lat)))

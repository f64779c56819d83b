"""When two reports are one matter: same category, near in place and time, and their texts do not contradict it.

Candidates are found by cell: the map is cut into squares of at least twice the radius, so that a circle touches at
most a few of them, and a cell's key is one number that an index finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from math import ceil, cos, floor, hypot, log2, radians

from shared.district.policies import NearDuplicates, Surge

METRES_A_DEGREE = 111_195.0
_SMALLEST_DEGREES = 0.001
_POLAR = 89.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A report as far as nearness goes; `sketch` is the beginning of its text."""

    case_id: str
    district: str
    category: str
    lon: float
    lat: float
    at: datetime
    sketch: str


@dataclass(frozen=True, slots=True)
class Match:
    """The case a report belongs to, and how near it is. `similarity` is None where one of the two has no text.

    `distance_m` is None where words name the place.
    """

    case_id: str
    distance_m: float | None
    similarity: float | None


def _level(radius_m: float) -> int:
    """Return how often the smallest cell is doubled so that it is twice as wide as the radius."""
    return max(0, ceil(log2(2 * radius_m / (METRES_A_DEGREE * _SMALLEST_DEGREES))))


def _key(sighting: Sighting, level: int, column: int, row: int) -> int:
    name = f"{sighting.district}|{sighting.category}|{level}|{column}|{row}"
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def own_cell(sighting: Sighting, radius_m: float) -> int:
    """Return the key of the cell that a report lies in."""
    level = _level(radius_m)
    size = _SMALLEST_DEGREES * 2**level
    return _key(sighting, level, floor(sighting.lon / (2 * size)), floor(sighting.lat / size))


def cells_around(sighting: Sighting, radius_m: float) -> Iterator[int]:
    """Yield the keys of all cells that a circle around a report touches."""
    level = _level(radius_m)
    size = _SMALLEST_DEGREES * 2**level
    up = radius_m / METRES_A_DEGREE
    across = up / cos(radians(min(abs(sighting.lat) + up, _POLAR)))
    for column in range(floor((sighting.lon - across) / (2 * size)), floor((sighting.lon + across) / (2 * size)) + 1):
        for row in range(floor((sighting.lat - up) / size), floor((sighting.lat + up) / size) + 1):
            yield _key(sighting, level, column, row)


def reach_m(surge: Surge) -> float:
    """Return how far from one of its reports others of a surge may be."""
    return max(surge.radius_m, surge.cause.radius_m if surge.cause.enabled else 0.0)


def spot_of(sighting: Sighting, surge: Surge) -> int:
    """Return the key of the cell in which a surge around a report is looked for, whatever its category."""
    return own_cell(replace(sighting, category=""), reach_m(surge))


def spots_around(sighting: Sighting, surge: Surge) -> Iterator[int]:
    """Yield the keys of all cells in which reports of one surge with this one may lie."""
    return cells_around(replace(sighting, category=""), reach_m(surge))


def distance_m(one: Sighting, other: Sighting) -> float:
    """Return the metres between two reports, exact enough for a few kilometres."""
    middle = radians((one.lat + other.lat) / 2)
    return METRES_A_DEGREE * hypot((one.lon - other.lon) * cos(middle), one.lat - other.lat)


def _pairs(text: str) -> set[str]:
    letters = [letter for letter in text if letter.isalnum()]
    return {first + second for first, second in pairwise(letters)}


def similarity(one: str, other: str) -> float | None:
    """Return how alike two texts are, 0 to 1 (Dice over pairs of neighbouring characters); None if one says nothing."""
    left, right = _pairs(one), _pairs(other)
    if not left or not right:
        return None
    return 2 * len(left & right) / (len(left) + len(right))


def match(report: Sighting, other: Sighting, policy: NearDuplicates) -> Match | None:
    """Return how the report is one matter with another, or None when it is not.

    Place, time and category decide; where both have a text, the texts must also be alike enough.
    """
    if (report.category, report.district) != (other.category, other.district):
        return None
    if abs(report.at - other.at) > policy.window:
        return None
    metres = distance_m(report, other)
    if metres > policy.radius_m:
        return None
    alike = similarity(report.sketch, other.sketch)
    if alike is not None and alike < policy.text_similarity:
        return None
    return Match(other.case_id, round(metres, 1), None if alike is None else round(alike, 3))


def best_match(report: Sighting, others: Iterable[Sighting], policy: NearDuplicates) -> Match | None:
    """Return the best of all matches: the likest text, then the nearest, then the smallest case id."""
    found = (match(report, other, policy) for other in others)
    return min((one for one in found if one is not None), key=_rank, default=None)


def _rank(one: Match) -> tuple[float, float, str]:
    return -(one.similarity or 0.0), one.distance_m or 0.0, one.case_id

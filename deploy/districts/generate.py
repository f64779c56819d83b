"""Draw a plausible set of grids for a district: `python -m deploy.districts.generate deploy/districts/620802`.

Reads `layout.json` (seed, a rough outline, where each township lies, how many grids) beside `townships.csv` and
`communities.csv`, and writes `grids.csv`. Same input, same output. The grids are made up: a district that knows its
real cut replaces the file.

The ground is divided three times by the same means, seeded points and their Voronoi cells: the outline among townships,
a township among its communities, a community among its basic grids. Exclusive grids are small squares inside these.
"""

from __future__ import annotations

import csv
import json
import math
import random  # noqa: TID251 - seeded, and this is a tool, not a service
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPoint, Point, Polygon

_DIGITS = 6
_RELAXATIONS = 3
_FIRST_EXCLUSIVE = 501
_COLUMNS = ("code", "kind", "name", "worker", "parent", "successors", "polygon")

Row = dict[str, str]


@dataclass(frozen=True)
class Cell:
    """A community's code, name and ground."""

    code: str
    name: str
    ground: Polygon


def cells(ground: Polygon, seeds: list[Point]) -> list[Polygon]:
    """Return the part of the ground nearest to each seed, in the order of the seeds."""
    if len(seeds) == 1:
        return [ground]
    found = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=ground).geoms
    owned = [next(cell for cell in found if cell.intersects(seed)) for seed in seeds]
    return [_largest(shapely.intersection(cell, ground)) for cell in owned]


def _largest(shape: Any) -> Polygon:
    """Return the shape itself, or its largest part where a border cut it in pieces."""
    parts = [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area)


def scatter(ground: Polygon, count: int, rng: random.Random) -> list[Point]:
    """Return points spread over the ground, moved to the middle of their cells so that these are of like size."""
    west, south, east, north = ground.bounds
    points: list[Point] = []
    while len(points) < count:
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if ground.contains(point):
            points.append(point)
    for _ in range(_RELAXATIONS):
        points = [cell.representative_point() for cell in cells(ground, points)]
    return points


def divide(ground: Polygon, count: int, rng: random.Random) -> list[Polygon]:
    """Return the ground in so many cells, from west to east and north to south."""
    parts = cells(ground, scatter(ground, count, rng))
    return sorted(parts, key=lambda part: (round(part.centroid.x, 3), -part.centroid.y))


def shares(weights: list[float], total: int, least: int) -> list[int]:
    """Divide a total by weights, each at least so much; what rounding leaves goes to the largest remainders."""
    rest = total - least * len(weights)
    exact = [weight / sum(weights) * rest for weight in weights]
    given = [math.floor(one) for one in exact]
    for at in sorted(range(len(exact)), key=lambda n: (given[n] - exact[n], n))[: rest - sum(given)]:
        given[at] += 1
    return [least + one for one in given]


def square(ground: Polygon, size: float, rng: random.Random) -> Polygon:
    """Return a square inside the ground, of the size wanted or of what fits."""
    middle = rng.choice(scatter(ground, 2, rng))
    room = middle.distance(ground.exterior)
    half = min(size, room) / 2 * 0.9
    return shapely.box(middle.x - half, middle.y - half, middle.x + half, middle.y + half)


def text(polygon: Polygon) -> str:
    """Write an outline as `lon lat, …` without the closing point."""
    return ", ".join(f"{lon:.{_DIGITS}f} {lat:.{_DIGITS}f}" for lon, lat in polygon.exterior.coords[:-1])


def communities(folder: Path, layout: dict[str, Any], rng: random.Random) -> list[Cell]:
    """Return every community of the district with its ground."""
    townships = layout["townships"]
    places = [(code, Point(at)) for code, place in townships.items() for at in place["at"]]
    parts = cells(Polygon(layout["outline"]), [point for _, point in places])
    grounds = {
        code: _largest(shapely.union_all([part for (own, _), part in zip(places, parts, strict=True) if own == code]))
        for code in townships
    }
    rows = list(csv.DictReader((folder / "communities.csv").open(encoding="utf-8")))
    found: list[Cell] = []
    for township, ground in grounds.items():
        own = [row for row in rows if row["code"].startswith(township)]
        parts = divide(ground, len(own), rng)
        found += [Cell(row["code"], row["name"], part) for row, part in zip(own, parts, strict=True)]
    return found


def basic(cell: Cell, count: int, rng: random.Random) -> list[Row]:
    """Return the basic grids of a community."""
    return [
        _row(f"{cell.code}{n:03}", "basic", f"{_short(cell.name)}第{n}网格", polygon)
        for n, polygon in enumerate(divide(cell.ground, count, rng), start=1)
    ]


def exclusive(cell: Cell, free: list[Polygon], kinds: list[str], size: float, rng: random.Random) -> list[Row]:
    """Return the exclusive grids of a community, each on free ground of its own as long as there is enough."""
    hosts = rng.sample(free, min(len(kinds), len(free)))
    rows = []
    for n, (kind, host) in enumerate(zip(kinds, cycle(hosts), strict=False)):
        part = n // len(hosts)
        ground = divide(host, 1 + (len(kinds) - 1) // len(hosts), rng)[part]
        code = f"{cell.code}{_FIRST_EXCLUSIVE + n}"
        rows.append(_row(code, "exclusive", f"{_short(cell.name)}{kind}专属网格", square(ground, size, rng)))
    return rows


def airport(plan: dict[str, Any]) -> list[Row]:
    """Return one large exclusive grid cut into sub-grids in rows and columns."""
    west, south, east, north = plan["box"]
    rows = [_row(plan["code"], "exclusive", plan["name"], shapely.box(west, south, east, north))]
    wide, high = (east - west) / plan["columns"], (north - south) / plan["rows"]
    for n in range(plan["rows"] * plan["columns"]):
        x, y = west + n % plan["columns"] * wide, north - n // plan["columns"] * high
        polygon = shapely.box(x, y - high, x + wide, y)
        row = _row(f"{plan['code'][:12]}A{n + 1:02}", "exclusive", f"{plan['name']}第{n + 1}子网格", polygon)
        rows.append(row | {"parent": plan["code"]})
    return rows


def retired(plan: dict[str, list[str]]) -> Iterator[Row]:
    """Yield the old codes of grids that were re-cut, each with its successors."""
    for code, successors in plan.items():
        yield {"code": code, "kind": "basic", "name": "已调整网格", "successors": ";".join(successors)}


def grids(folder: Path) -> list[Row]:
    """Return every grid of the district in the order of their codes."""
    layout = json.loads((folder / "layout.json").read_text(encoding="utf-8"))
    rng = random.Random(layout["seed"])  # noqa: S311 - a drawing, not a secret
    found = communities(folder, layout, rng)
    weights = [float(layout["townships"][cell.code[:9]]["weight"]) for cell in found]
    counts = shares(weights, layout["basic"], 1)
    special = shares(weights, layout["exclusive"], 0)
    kinds = cycle(layout["exclusive_kinds"])
    rows = [*airport(layout["airport"])] if "airport" in layout else []
    taken = shapely.union_all([_polygon(row) for row in rows])
    for cell, count, extra in zip(found, counts, special, strict=True):
        basics = basic(cell, count, rng)
        rows += basics
        free = [_largest(shapely.difference(_polygon(row), taken)) for row in basics]
        rows += exclusive(cell, free, [next(kinds) for _ in range(extra)], layout["exclusive_size"], rng)
    rows += retired(layout.get("retired", {}))
    return sorted(rows, key=lambda row: row["code"])


def _row(code: str, kind: str, name: str, polygon: Polygon) -> Row:
    return {"code": code, "kind": kind, "name": name, "worker": f"gw-{code}", "polygon": text(polygon)}


def _polygon(row: Row) -> Polygon:
    return Polygon([tuple(map(float, pair.split())) for pair in row["polygon"].split(",")])


def _short(name: str) -> str:
    for ending in ("居民委员会", "居委会", "委会"):
        name = name.removesuffix(ending)
    return name


def write(folder: Path) -> int:
    """Write `grids.csv` and return how many grids it has."""
    rows = grids(folder)
    with (folder / "grids.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, _COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return len(rows)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {write(Path(name))} grids")  # noqa: T201 - a tool says what it did

"""The districts of the drill: copies of a small one under codes of their own; one has a grid cut into two later."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import shapely

from deploy.local.config import ROOT

MODEL, DISTRICT = "620171", "620105"
GRID = "620105101002001"
OTHER_OF_A, OTHER_OF_B = "620106", "620107"
"""The districts beside which it lives."""

HEIRS = ("620105101002801", "620105101002802")
"""Of the grid that is cut."""

DISTRICTS = ROOT / "deploy" / "districts"


def write(folder: Path) -> None:
    """Write the profiles, with what they include beside them."""
    shutil.copytree(DISTRICTS / "common", folder / "common")
    for code in (DISTRICT, OTHER_OF_A, OTHER_OF_B):
        shutil.copytree(DISTRICTS / MODEL, folder / code)
        for file in (folder / code).iterdir():
            file.write_text(file.read_text(encoding="utf-8").replace(MODEL, code), encoding="utf-8")


def middle(folder: Path) -> tuple[float, float]:
    """Return a point in the grid that will be cut, or in a part of it."""
    parts = (row["polygon"] for row in _rows(folder) if row["code"] in (GRID, *HEIRS))
    point = _polygon(next(filter(None, parts))).representative_point()
    return point.x, point.y


def cut_anew(folder: Path) -> None:
    """Retire the grid in favour of its western and its eastern half."""
    rows = _rows(folder)
    old = next(row for row in rows if row["code"] == GRID)
    halves = _halves(_polygon(old["polygon"]))
    heirs = [
        {**old, "code": code, "name": f"{old['name']}{side}", "polygon": half}
        for code, side, half in zip(HEIRS, "西东", halves, strict=True)
    ]
    old |= {"polygon": "", "worker": "", "successors": ";".join(HEIRS)}
    with (folder / "grids.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(old))
        writer.writeheader()
        writer.writerows([*rows, *heirs])


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "grids.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _polygon(text: str) -> shapely.Polygon:
    return shapely.Polygon([tuple(map(float, pair.split())) for pair in text.split(", ")])


def _halves(whole: shapely.Polygon) -> list[str]:
    west, south, east, north = whole.bounds
    middle = whole.representative_point().x
    parts = [
        whole.intersection(shapely.box(*one)) for one in ((west, south, middle, north), (middle, south, east, north))
    ]
    return [", ".join(f"{x:.6f} {y:.6f}" for x, y in part.exterior.coords[:-1]) for part in parts]

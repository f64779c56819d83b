"""The district of the drill: a copy of another under a code of its own, and later with one grid cut into two."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import shapely

from deploy.local.config import ROOT

MODEL, DISTRICT = "620171", "620105"
GRID = "620105101002001"
HEIRS = ("620105101002801", "620105101002802")
"""Of the grid that is cut."""

DISTRICTS = ROOT / "deploy" / "districts"


def born(folder: Path) -> Path:
    """Write the profile, with what it includes beside it; return its folder."""
    shutil.copytree(DISTRICTS / "common", folder / "common")
    shutil.copytree(DISTRICTS / MODEL, folder / DISTRICT)
    for file in (folder / DISTRICT).iterdir():
        file.write_text(file.read_text(encoding="utf-8").replace(MODEL, DISTRICT), encoding="utf-8")
    return folder / DISTRICT


def middle(folder: Path) -> tuple[float, float]:
    """Return a point in the grid that will be cut."""
    point = _polygon(next(row for row in _rows(folder) if row["code"] == GRID)["polygon"]).representative_point()
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

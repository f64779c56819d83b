"""Draw the mediators of a district: `python -m deploy.districts.mediators deploy/districts/620802 --each 4`.

Reads `communities.csv` and `departments.csv` and writes `mediators.csv`: so many of every community, mediation studios
of gold mediators, lawyers, and the bodies that arbitrate or judge. The people are made up and named by function; a
district that knows its own replaces the file. Same input, same output.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

COLUMNS = ("code", "name", "tier", "department", "areas", "specialities", "interests", "capacity", "active")
STUDIOS = (
    ("family", "婚恋家庭", "D01*;D02*"),
    ("property", "物业与物权", "D04*"),
    ("labour", "劳动争议", "D07*"),
    ("traffic", "交通与侵权", "D05*"),
    ("contract", "合同与消费", "D06*;D08*"),
    ("land", "土地与山林", "D09*;D11*"),
)
"""Six mediation studios, as 崆峒区 has them, and what each is known for."""

Row = dict[str, str]


def _row(code: str, name: str, tier: str, department: str, **more: str) -> Row:
    return {**dict.fromkeys(COLUMNS, ""), "code": code, "name": name, "tier": tier, "department": department, **more}


def of_communities(communities: list[Row], townships: dict[str, str], each: int) -> Iterator[Row]:
    """Yield the mediators of every community; they speak through their township."""
    for one in communities:
        for number in range(1, each + 1):
            code = f"m-{one['code'][6:]}-{number}"
            name = f"{one['name']}调解员{number}"
            yield _row(code, name, "community", townships[one["code"][:9]], areas=one["code"], capacity="8")


def of_studios(each: int) -> Iterator[Row]:
    """Yield the gold mediators of every studio."""
    for studio, name, specialities in STUDIOS:
        for number in range(1, each + 1):
            yield _row(
                f"gold-{studio}-{number}",
                f"{name}调解工作室金牌调解员{number}",
                "gold",
                "justice",
                specialities=specialities,
                capacity="20",
            )


def above(lawyers: int) -> Iterator[Row]:
    """Yield lawyers, and who arbitrates or judges."""
    for number in range(1, lawyers + 1):
        yield _row(f"lawyer-{number}", f"值班律师{number}", "lawyer", "justice", capacity="20")
    labour = {"specialities": "D07*", "capacity": "500"}
    yield _row("court-labour", "劳动人事争议仲裁院", "court", "human-resources", **labour)
    yield _row("court-land", "农村土地承包仲裁委员会", "court", "agriculture", specialities="D09*", capacity="500")
    yield _row("court-district", "人民法院诉讼服务中心", "court", "court", capacity="1000")


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(
    folder: Path,
    each: Annotated[int, typer.Option(help="mediators of a community")] = 4,
    studio: Annotated[int, typer.Option(help="gold mediators of a studio")] = 5,
    lawyers: Annotated[int, typer.Option(help="lawyers on duty")] = 12,
) -> None:
    """Write mediators.csv beside the other files of a profile."""
    kinds = ("township", "committee")
    serving = [one for one in _read(folder / "departments.csv") if one["kind"] in kinds and one["areas"]]
    townships = {area: one["code"] for one in serving for area in one["areas"].split(";")}
    rows = [*of_communities(_read(folder / "communities.csv"), townships, each), *of_studios(studio), *above(lawyers)]
    with (folder / "mediators.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    typer.echo(f"{len(rows)} mediators")


if __name__ == "__main__":
    typer.run(main)

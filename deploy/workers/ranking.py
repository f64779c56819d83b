"""Workers by points: sums of lines, and the places that follow from them. Pure.

Equal points are an equal place, and the next place is as far on as there are workers before it (1, 2, 2, 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.workers.lines import DONE, Line

COUNTED = (*DONE, "missed", "excused", "report", "handled", "training", "assessment")


@dataclass(slots=True)
class Standing:
    """What a worker did in a period, and the place that gives in township and district."""

    worker: str
    township: str
    counts: Counter[str] = field(default_factory=Counter)
    points: int = 0
    place: int = 0
    place_in_township: int = 0


@dataclass(slots=True)
class Rounds:
    """What was owed of one obligation in one township in a period, as far as it has been done or judged."""

    township: str
    obligation: str
    done: int = 0
    missed: int = 0
    excused: int = 0

    @property
    def rate(self) -> float | None:
        """The share that was done of what was owed and not excused; none where nothing was."""
        owed = self.done + self.missed
        return self.done / owed if owed else None


def within(lines: Iterable[Line], zone: ZoneInfo, month: str | None) -> Iterator[Line]:
    """Yield the lines of a month of the district (`2026-07`), all where none is named."""
    return (one for one in lines if month is None or month_of(one.at, zone) == month)


def month_of(at: datetime, zone: ZoneInfo) -> str:
    """Return the month of the district that an instant lies in."""
    return f"{at.astimezone(zone):%Y-%m}"


def standings(lines: Iterable[Line]) -> list[Standing]:
    """Return the workers in the order of their places; of equals in that of their references."""
    found: dict[str, Standing] = {}
    for one in lines:
        if one.worker and one.what != "leave":
            who = found.setdefault(one.worker, Standing(one.worker, one.township))
            who.counts[one.what] += one.count
            who.points += one.points
    ranked = sorted(found.values(), key=lambda who: (-who.points, who.worker))
    for who in ranked:
        better = [one for one in ranked if one.points > who.points]
        who.place = 1 + len(better)
        who.place_in_township = 1 + sum(one.township == who.township for one in better)
    return ranked


def rounds(lines: Iterable[Line]) -> list[Rounds]:
    """Return what became of what was owed, by township and obligation."""
    found: dict[tuple[str, str], Rounds] = {}
    for one in lines:
        if one.obligation:
            row = found.setdefault((one.township, one.obligation), Rounds(one.township, one.obligation))
            name = one.what if one.what in ("missed", "excused") else "done"
            setattr(row, name, getattr(row, name) + one.count)
    return [found[key] for key in sorted(found)]

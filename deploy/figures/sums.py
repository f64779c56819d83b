"""Adding up: exact counts beside each rate, so that nobody argues about rounding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from deploy.figures.items import By, Item, Kind

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure of one group: `n` of `of`; of a span the milliseconds, ascending."""

    n: int
    of: int
    parts: dict[str, int]
    spans: Sequence[int] = ()

    @property
    def rate(self) -> float | None:
        """The share, nothing of nothing being none."""
        return round(self.n / self.of, DIGITS) if self.of else None

    @property
    def mean(self) -> float | None:
        """The mean in seconds."""
        return _seconds(Fraction(sum(self.spans), len(self.spans))) if self.spans else None

    @property
    def median(self) -> float | None:
        """The value in the middle in seconds, of an even number the mean of both."""
        if not self.spans:
            return None
        middle = len(self.spans) // 2
        both = self.spans[middle - 1 + len(self.spans) % 2] + self.spans[middle]
        return _seconds(Fraction(both, 2))

    @property
    def p90(self) -> float | None:
        """The value at rank ceil(0.9 n) in seconds."""
        return _seconds(Fraction(self.spans[-(-9 * len(self.spans) // 10) - 1])) if self.spans else None

    def as_json(self, kind: Kind) -> dict[str, Any]:
        """Return it for programs."""
        if kind is Kind.COUNT:
            return {"count": self.of, "parts": self.parts}
        if kind is Kind.RATIO:
            return {"n": self.n, "of": self.of, "rate": self.rate, "parts": self.parts}
        times = {"mean_seconds": self.mean, "median_seconds": self.median, "p90_seconds": self.p90}
        return {"count": self.of, "sum_seconds": _seconds(Fraction(sum(self.spans))), **times}


def _seconds(milliseconds: Fraction) -> float:
    return round(float(milliseconds / 1000), DIGITS)


def total(items: Iterable[Item]) -> Sum:
    """Return the sum of some items."""
    found = list(items)
    parts = Counter(one.part for one in found)
    spans = sorted(one.milliseconds for one in found if one.milliseconds is not None)
    return Sum(sum(one.counts for one in found), len(found), dict(sorted(parts.items())), spans)


def grouped(items: Iterable[Item], by: By, zone: ZoneInfo) -> dict[str, Sum]:
    """Return the sum of each group, in the order of their names; what belongs to none is under an empty one."""
    groups: dict[str, list[Item]] = {}
    for one in items:
        groups.setdefault(key_of(one, by, zone), []).append(one)
    return {key: total(groups[key]) for key in sorted(groups)}


def key_of(item: Item, by: By, zone: ZoneInfo) -> str:
    """Return the group an item belongs to; a day is the district's."""
    if by is By.DAY:
        return item.at.astimezone(zone).date().isoformat()
    return str(getattr(item, by))

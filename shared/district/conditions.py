"""The conditions of a rule, compiled: each a quick test and the sentence that says why it failed."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from shared.district.base import Period
from shared.district.routing import Facts
from shared.district.rulebook import When

_AREA_LENGTHS = (6, 9, 12, 15)


class View:
    """The facts as conditions ask for them, each derived once for all rules and only when a rule asks."""

    def __init__(self, facts: Facts, zone: ZoneInfo) -> None:
        self.facts = facts
        self._zone = zone

    @cached_property
    def areas(self) -> frozenset[str]:
        """The codes of every area the place lies in."""
        code = self.facts.grid or self.facts.community or self.facts.township or ""
        return frozenset(code[:length] for length in _AREA_LENGTHS if len(code) >= length)

    @cached_property
    def clock(self) -> tuple[int, int]:
        """The local weekday (1 is Monday) and minute of the day."""
        local = self.facts.at.astimezone(self._zone)
        return local.isoweekday(), local.hour * 60 + local.minute


Test = Callable[[View], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """A test and what is to be said when it fails."""

    test: Test
    otherwise: str


Within = Mapping[str, tuple[str, ...]]
"""Grid -> its sub-grids, or what it was re-cut into."""


def compile_conditions(when: When, known: frozenset[str], within: Within) -> Iterator[Condition]:
    """Yield the conditions of a rule, cheap and selective ones first; `known` are the category keys there are."""
    builders: tuple[tuple[str, Callable[[tuple[Any, ...]], Test], str], ...] = (
        ("categories", partial(_category, known=known), "category is not"),
        ("partners", partial(_fact, "partner"), "partner is not"),
        ("partner_kinds", partial(_fact, "partner_kind"), "partner kind is not"),
        ("severity", partial(_fact, "severity"), "severity in the report is not"),
        ("grid_kind", partial(_fact, "grid_kind"), "kind of grid is not"),
        ("areas", partial(_area, within=within), "place is not in"),
        ("weekdays", _weekday, "weekday is not"),
        ("hours", _hours, "time of day is not in"),
        ("keywords", _keyword, "text has no"),
    )
    for name, build, phrase in builders:
        wanted = getattr(when, name)
        wanted = wanted if isinstance(wanted, tuple) else tuple(filter(None, [wanted]))
        if wanted:
            yield Condition(build(wanted), f"{phrase} {' or '.join(map(str, wanted))}")


def _category(globs: tuple[str, ...], known: frozenset[str]) -> Test:
    pattern = re.compile("|".join(fnmatch.translate(glob) for glob in globs))
    hits = frozenset(key for key in known if pattern.match(key))

    def test(view: View) -> bool:
        key = view.facts.category
        return key in hits or (key not in known and pattern.match(key) is not None)

    return test


def _fact(name: str, wanted: tuple[Any, ...]) -> Test:
    values = frozenset(wanted)
    return lambda view: getattr(view.facts, name) in values


def _area(areas: tuple[str, ...], within: Within) -> Test:
    codes, todo = set(areas), list(areas)
    while todo:
        parts = set(within.get(todo.pop(), ())) - codes
        codes |= parts
        todo.extend(parts)
    return lambda view: not codes.isdisjoint(view.areas)


def _weekday(weekdays: tuple[int, ...]) -> Test:
    return lambda view: view.clock[0] in weekdays


def _hours(periods: tuple[Period, ...]) -> Test:
    minutes = frozenset(minute for period in periods for minute in period.minutes())
    return lambda view: view.clock[1] in minutes


def _keyword(words: tuple[str, ...]) -> Test:
    search = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE).search
    return lambda view: search(view.facts.text) is not None

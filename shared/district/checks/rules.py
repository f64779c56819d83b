"""Rules: what they name exists, and each can be reached past the ones before it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from shared.district.checks.handling import matching
from shared.district.problems import Finding, unknown
from shared.district.rulebook import When
from shared.district.shape import Shaped

_SECTIONS = ("townships", "communities", "grids")
_LEVELS = {6: "district", 9: "township", 12: "community", 15: "grid"}


def references(shaped: Shaped) -> Iterator[Finding]:
    """Categories, areas and partners that a rule waits for exist; a rule that waits for nobody never matches."""
    partners = {one.id for one in shaped.profile.partners} | shaped.declared.get("partners", set())
    areas = {shaped.profile.code}.union(*(shaped.declared.get(name, set()) for name in _SECTIONS))
    for at, rule in enumerate(shaped.profile.rules):
        loc = ("rules", at, "when")
        yield from matching(shaped, rule.when.categories, (*loc, "categories"))
        for code in rule.when.areas:
            if code not in areas:
                yield Finding((*loc, "areas"), unknown(_LEVELS[len(code)], code, areas))
        for name in rule.when.partners:
            if name not in partners:
                yield Finding((*loc, "partners"), unknown("partner", name, partners))


def reachable(shaped: Shaped) -> Iterator[Finding]:
    """No rule stands behind one that matches whatever it matches."""
    rules = shaped.profile.rules
    for at, rule in enumerate(rules):
        before = next((n for n in range(at) if covers(rules[n].when, rule.when)), None)
        if before is not None:
            yield Finding(
                ("rules", at),
                f"can never match: rule {rules[before].id} stands before it and matches all that it would; "
                "put the narrower rule first",
                ("rules", before),
            )


def covers(wide: When, narrow: When) -> bool:
    """Say whether, condition by condition, one `when` surely matches whatever another does."""
    return all(_condition_covers(name, getattr(wide, name), getattr(narrow, name)) for name in When.model_fields)


def _condition_covers(name: str, wide: object, narrow: object) -> bool:
    if not wide:
        return True
    if not isinstance(wide, tuple) or not isinstance(narrow, tuple):
        return wide == narrow
    within = _WITHIN.get(name, _same)
    return bool(narrow) and all(any(within(one, other) for other in wide) for one in narrow)


def _same(one: object, other: object) -> bool:
    return one == other


_WITHIN: dict[str, Callable[[str, str], bool]] = {
    "categories": fnmatchcase,
    "areas": str.startswith,
    "keywords": operator.contains,
}
"""When one entry of a condition is surely met wherever another is; elsewhere when they are the same."""

"""Advisories: rules have names of their own, what they name exists, and they can match something."""

from __future__ import annotations

from collections.abc import Iterator

from shared.district.checks.handling import matching
from shared.district.problems import Finding, unknown
from shared.district.shape import Shaped


def advisories(shaped: Shaped) -> Iterator[Finding]:
    """Addressees and categories of advisory rules exist; no two rules share an id."""
    if "advisories" in shaped.broken:
        return
    known, first = shaped.declared.get("departments", set()), dict[str, int]()
    for at, rule in enumerate(shaped.profile.advisories.rules):
        loc = ("advisories", "rules", at)
        if rule.addressee is not None and rule.addressee not in known:
            yield Finding((*loc, "addressee"), unknown("department", rule.addressee, known))
        if first.setdefault(rule.id, at) != at:
            earlier = ("advisories", "rules", first[rule.id], "id")
            yield Finding((*loc, "id"), f"there is an advisory rule '{rule.id}' already", earlier)
        if rule.categories != ("*",):
            yield from matching(shaped, rule.categories, (*loc, "categories"))

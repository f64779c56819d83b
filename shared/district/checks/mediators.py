"""Mediators and the ladder of mediation: departments, areas and categories they name exist, no code stands twice."""

from __future__ import annotations

from collections.abc import Iterator

from shared.district.checks.handling import matching
from shared.district.problems import Finding, unknown
from shared.district.shape import Shaped


def mediators(shaped: Shaped) -> Iterator[Finding]:
    """Every mediator speaks for a department, serves areas that exist and knows categories that exist."""
    known = shaped.declared.get("departments", set())
    areas = shaped.declared.get("townships", set()) | shaped.declared.get("communities", set())
    seen: set[str] = set()
    for at, one in enumerate(shaped.profile.mediators):
        loc = ("mediators", at)
        if one.code in seen:
            yield Finding((*loc, "code"), "stands there twice")
        seen.add(one.code)
        if one.department not in known:
            yield Finding((*loc, "department"), unknown("department", one.department, known))
        for code in one.areas:
            if code not in areas:
                yield Finding((*loc, "areas"), unknown("township or community", code, areas))
        yield from matching(shaped, one.specialities, (*loc, "specialities"))


def ladder(shaped: Shaped) -> Iterator[Finding]:
    """The categories that are mediated exist, and every tier has somebody: a ladder with a gap would stop there."""
    policy = shaped.profile.mediation
    yield from matching(shaped, policy.categories, ("mediation", "categories"))
    if not policy.categories or "mediators" in shaped.broken:
        return
    there = {one.tier for one in shaped.profile.mediators}
    for tier in policy.tiers:
        if tier.name not in there:
            yield Finding(("mediation", "tiers"), f"no mediator is of tier {tier.name}; disputes would wait there")

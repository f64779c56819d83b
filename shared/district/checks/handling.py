"""Categories and policies: departments, notices and categories they name exist, stages follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import pairwise

from shared.district.calendar import WorkingCalendar
from shared.district.categories import Policy
from shared.district.problems import Finding, Loc, unknown
from shared.district.shape import Shaped

_MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday with five working days after it: the day on which stages are compared."""


def _all(shaped: Shaped) -> Iterator[tuple[Loc, Policy]]:
    """Yield every policy of the profile and where it stands."""
    profile = shaped.profile
    yield ("default",), profile.default
    for section in ("classes", "categories", "overrides"):
        for at, policy in enumerate(getattr(profile, section)):
            yield (section, at), policy
    for at, rule in enumerate(profile.rules):
        yield ("rules", at, "then"), rule.then


def policies(shaped: Shaped) -> Iterator[Finding]:
    """Departments and notice policies that a policy names exist."""
    known = shaped.declared.get("departments", set())
    notices = shaped.profile.notify.policies
    for loc, policy in _all(shaped):
        if policy.lead is not None and not _resolvable(policy.lead, known):
            yield Finding((*loc, "lead"), unknown("department", policy.lead, known))
        for ref in policy.assists or ():
            if not _resolvable(ref, known):
                yield Finding((*loc, "assists"), unknown("department", ref, known))
        if policy.notice is not None and policy.notice not in notices and "notify" not in shaped.broken:
            yield Finding((*loc, "notice"), unknown("notice policy", policy.notice, notices))


def _resolvable(ref: str, known: set[str]) -> bool:
    return ref.startswith("@") or ref in known


def stage_order(shaped: Shaped) -> Iterator[Finding]:
    """Stages end one after the other: all of them are counted from the start of handling."""
    calendar = WorkingCalendar.of(shaped.profile)
    for loc, policy in _all(shaped):
        stages = policy.stages or ()
        for earlier, later in pairwise(stages):
            if calendar.due(_MONDAY, later.limit) < calendar.due(_MONDAY, earlier.limit):
                yield Finding(
                    (*loc, "stages"),
                    f"stage {later.name} ({later.limit}) would end before {earlier.name} ({earlier.limit}); "
                    "each counts from the start of handling, so put the longer one last",
                )


def overrides(shaped: Shaped) -> Iterator[Finding]:
    """Townships of overrides exist and their patterns match some category."""
    townships = shaped.declared.get("townships", set())
    for at, one in enumerate(shaped.profile.overrides):
        for code in one.townships:
            if code not in townships:
                yield Finding(("overrides", at, "townships"), unknown("township", code, townships))
        yield from matching(shaped, one.categories, ("overrides", at, "categories"))


def matching(shaped: Shaped, globs: Iterable[str], loc: Loc) -> Iterator[Finding]:
    """Every pattern matches a category that exists."""
    keys = shaped.declared.get("categories", set())
    for glob in globs:
        if not any(fnmatchcase(key, glob) for key in keys):
            yield Finding(loc, f"'{glob}' matches no category; write a key such as E06010 or a pattern such as E06*")


def names(shaped: Shaped) -> Iterator[Finding]:
    """No two categories share an alias: a partner that uses it must mean one of them."""
    first: dict[str, tuple[str, Loc]] = {}
    for at, category in enumerate(shaped.profile.categories):
        loc = ("categories", at, "aliases")
        for alias in category.aliases:
            key, earlier = first.setdefault(alias, (category.key, loc))
            if key != category.key:
                yield Finding(loc, f"alias '{alias}' already means category {key}", earlier)


def targets(shaped: Shaped) -> Iterator[Finding]:
    """Aliases and labels lead to categories that exist."""
    keys = shaped.declared.get("categories", set())
    for alias, key in shaped.profile.aliases.items():
        if key not in keys:
            yield Finding(("aliases", alias), f"'{alias}': {unknown('category', key, keys)}")
    for name, labels in shaped.profile.label_maps.items():
        for label, key in labels.items():
            if key not in keys:
                yield Finding(("label_maps", name, label), f"'{label}': {unknown('category', key, keys)}")


def owners(shaped: Shaped) -> Iterator[Finding]:
    """The owner of triage and the optional members of teams exist."""
    known = shaped.declared.get("departments", set())
    if "departments" not in shaped.broken and shaped.profile.triage.owner not in known:
        yield Finding(("triage", "owner"), unknown("department", shaped.profile.triage.owner, known))
    for code in shaped.profile.whistle.optional_departments:
        if code not in known:
            yield Finding(("whistle", "optional_departments"), unknown("department", code, known))

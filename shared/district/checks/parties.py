"""Departments and partners: parents, areas and departments that exist, and a centre to fall back on."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from shared.contracts.actors import PartnerKind
from shared.district.parties import Department, DepartmentKind, Partner
from shared.district.problems import Finding, command_names, unknown
from shared.district.shape import Shaped

_DEPARTMENTAL = (PartnerKind.CENTRE, PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP)


def departments(shaped: Shaped) -> Iterator[Finding]:
    """Parents, townships and communities of departments exist, and no department is above itself."""
    townships = shaped.declared.get("townships", set())
    communities = shaped.declared.get("communities", set())
    known = shaped.declared.get("departments", set())
    parents = {one.code: one.parent for one in shaped.profile.departments}
    for at, one in enumerate(shaped.profile.departments):
        loc = ("departments", at)
        if one.parent is not None and one.parent not in known:
            yield Finding((*loc, "parent"), unknown("department", one.parent, known))
        elif _above_itself(one, parents):
            yield Finding((*loc, "parent"), f"'{one.parent}' is below it; a department cannot be above itself")
        for code in one.areas:
            if code not in townships:
                yield Finding((*loc, "areas"), unknown("township", code, townships))
        if one.kind is DepartmentKind.COMMUNITY and one.community is None:
            yield Finding(loc, "a department of kind community needs 'community', the twelve-digit code it serves")
        if one.community is not None and one.community not in communities:
            yield Finding((*loc, "community"), unknown("community", one.community, communities))


def _above_itself(one: Department, parents: dict[str, str | None]) -> bool:
    seen: set[str] = set()
    code = one.parent
    while code is not None and code not in seen:
        if code == one.code:
            return True
        seen.add(code)
        code = parents.get(code)
    return False


def a_centre(shaped: Shaped) -> Iterator[Finding]:
    """There is a department of kind centre: refusals, triage and the ladder end there."""
    if "departments" in shaped.broken:
        return
    if all(one.kind is not DepartmentKind.CENTRE for one in shaped.profile.departments):
        yield Finding(
            ("departments",), "no department is of kind centre; triage and refusals end there, so one must be"
        )


def partners(shaped: Shaped) -> Iterator[Finding]:
    """Departments, label maps, zones and commands of partners exist; one that stands for a department says which."""
    stated = len(shaped.kept.get("partners", ()))
    for at, one in enumerate(shaped.profile.partners[:stated]):
        for field, message in _partner(one, shaped):
            yield Finding(("partners", at, field), message)


def _partner(one: Partner, shaped: Shaped) -> Iterator[tuple[str, str]]:
    known = shaped.declared.get("departments", set())
    if one.kind in _DEPARTMENTAL and one.department is None:
        yield "kind", f"a partner of kind {one.kind} needs 'department', the code it acts for"
    if one.department is not None and one.department not in known:
        yield "department", unknown("department", one.department, known)
    if one.label_map is not None and one.label_map not in shaped.profile.label_maps:
        yield "label_map", unknown("label map", one.label_map, shaped.profile.label_maps)
    if one.timezone is not None and one.timezone not in available_timezones():
        yield "timezone", unknown("time zone", one.timezone, available_timezones())
    for name in one.commands:
        if name not in command_names():
            yield "commands", unknown("command", name, command_names())

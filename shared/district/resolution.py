"""From layered policies to one decision: field by field the narrowest policy that says something wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from shared.contracts.limits import Limit, Stage
from shared.district.categories import Evidence, Policy, Priority
from shared.district.departments import DepartmentIndex
from shared.district.model import Profile
from shared.district.rulebook import Rule

_FIELDS = tuple(Policy.model_fields)
_CLASS, _KIND = 3, 1

Said = dict[str, tuple[str, Any]]
"""Field -> (who says so, what)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What is the same for all reports with one rule, category and place; `severity` is before the report's own."""

    lead: str
    assists: tuple[str, ...]
    accept: Limit
    stages: tuple[Stage, ...]
    verify: Limit
    severity: int
    priority: Priority
    evidence: Evidence
    whistle: bool
    notice: str | None
    notes: tuple[str, ...]


def merge(layers: Iterable[tuple[str, Policy]]) -> Said:
    """Return for each field the first value that any policy gives, narrowest first, and whose it is."""
    said: Said = {}
    for source, policy in layers:
        for field in _FIELDS:
            value = getattr(policy, field)
            if value is not None:
                said.setdefault(field, (source, value))
    return said


class PolicyBook:
    """The policies of one profile."""

    def __init__(self, profile: Profile, departments: DepartmentIndex) -> None:
        self._profile = profile
        self._departments = departments
        self._categories = {one.key: one for one in profile.categories}
        self._classes = {one.key: one for one in profile.classes}

    def decide(self, rule: Rule | None, key: str, township: str | None, community: str | None) -> Decided:
        """Return what rule, override, category, class and district together decide for a place."""
        said = merge(self._layers(rule, key, township))
        notes = [f"{field}: {_text(value)}, by {source}" for field, (source, value) in said.items()]
        lead = self._lead(said["lead"][1], township, community, notes)
        assists = self._assists(said["assists"][1], lead, (township, community), notes)
        rest = {field: value for field, (_, value) in said.items() if field not in ("lead", "assists")}
        return Decided(**{"notice": None, **rest}, lead=lead, assists=assists, notes=tuple(notes))

    def _layers(self, rule: Rule | None, key: str, township: str | None) -> Iterator[tuple[str, Policy]]:
        """Yield the policies that apply, narrowest first, each with its name."""
        if rule is not None:
            yield f"rule {rule.id}", rule.then
        for override in self._profile.overrides:
            if township in override.townships and any(fnmatchcase(key, glob) for glob in override.categories):
                yield f"override {override.id}", override
        if key in self._categories:
            yield f"category {key}", self._categories[key]
        for name in (key[:_CLASS], key[:_KIND]):
            if name in self._classes:
                yield f"class {name}", self._classes[name]
        yield "the district's default", self._profile.default

    def _lead(self, ref: str, township: str | None, community: str | None, notes: list[str]) -> str:
        """Return the department that leads; where nobody serves the place a wider default steps in."""
        found = self._departments.resolve(ref, township, community)
        if found is not None:
            if found != ref:
                notes.append(f"lead: {ref} is {found} here")
            return found
        default = self._departments.resolve(self._profile.default.lead, township, community)
        found = default or self._departments.centre or self._profile.departments[0].code
        notes.append(f"lead: nobody is {ref} at this place, so {found}")
        return found

    def _assists(
        self, refs: tuple[str, ...], lead: str, place: tuple[str | None, str | None], notes: list[str]
    ) -> tuple[str, ...]:
        """Return the departments that assist, each once and never the lead."""
        found: dict[str, None] = {}
        for ref in refs:
            code = self._departments.resolve(ref, *place)
            if code is None:
                notes.append(f"assists: nobody is {ref} at this place")
            elif code != lead:
                found[code] = None
        return tuple(found)


def _text(value: object) -> str:
    """Write a policy's value the way a profile does."""
    if isinstance(value, tuple):
        return ", ".join(_text(one) for one in value) or "none"
    if isinstance(value, Stage):
        return f"{value.name}={value.limit}"
    if isinstance(value, Evidence):
        return f"{value.min_media} of {' or '.join(value.mime)}" if value.min_media else "none"
    return str(value)

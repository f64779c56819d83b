"""From raw values to the model: every field checked, and as much as possible kept for the checks that follow.

An entry that is wrong is reported and left out, so that the rest of the profile is still checked against itself; what
it declared stays known, so that nothing that refers to it is reported as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from shared.district.model import Profile
from shared.district.problems import Finding, Loc, fields_of, from_pydantic
from shared.district.source import key_of

_STAND_IN: dict[str, Any] = {
    "code": "000000",
    "name": "?",
    "default": {"lead": "@centre", "accept": "1 clock_hours", "stages": ["x=1 clock_hours"], "verify": "1 clock_hours"},
    "departments": [{"code": "centre", "name": "?", "kind": "centre"}],
}


def entry_models() -> dict[str, type[BaseModel]]:
    """Return the sections that are lists, each with the model of one entry."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in Profile.model_fields.items():
        inner = get_args(field.annotation)
        if get_origin(field.annotation) is tuple and issubclass(inner[0], BaseModel):
            found[name] = inner[0]
    return found


def section_fields() -> dict[str, frozenset[str]]:
    """Return every section of a profile; for those that are lists, with the fields of one entry."""
    models = entry_models()
    return {
        name: frozenset(models[name].model_fields) if name in models else frozenset() for name in Profile.model_fields
    }


@dataclass(frozen=True, slots=True)
class Shaped:
    """The valid part of a profile, where its entries stood, what was left out, and all that was declared."""

    profile: Profile
    kept: dict[str, list[int]]
    broken: frozenset[str]
    declared: dict[str, set[str]]

    def raw(self, loc: Loc) -> Loc:
        """Return where a path of the valid part stands in the files."""
        match loc:
            case (str(section), int(at), *rest) if at < len(self.kept.get(section, ())):
                return (section, self.kept[section][at], *rest)
        return loc


def shape(data: dict[str, Any]) -> tuple[Shaped | None, list[Finding]]:
    """Read the raw values; there is no first part when too little is valid to check any further."""
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        findings = from_pydantic(error, fields_of(Profile))
        return _salvaged(data, findings), findings
    return _shaped(profile, data, set(), frozenset()), []


def _salvaged(data: dict[str, Any], findings: list[Finding]) -> Shaped | None:
    """Return what is left without the entries and sections that are wrong."""
    lists = entry_models()
    entries = {found.loc[:2] for found in findings if len(found.loc) > 1 and found.loc[0] in lists}
    sections = {found.loc[0] for found in findings if found.loc and found.loc[:2] not in entries}
    rest = {name: value for name, value in data.items() if name not in sections}
    for name in lists:
        if isinstance(rest.get(name), list):
            rest[name] = [one for n, one in enumerate(rest[name]) if (name, n) not in entries]
    rest.update({name: value for name, value in _STAND_IN.items() if not rest.get(name)})
    try:
        profile = Profile.model_validate(rest)
    except ValidationError:
        return None
    return _shaped(profile, data, entries, frozenset(str(loc[0]) for loc in entries) | frozenset(map(str, sections)))


def _shaped(profile: Profile, data: dict[str, Any], dropped: set[Loc], broken: frozenset[str]) -> Shaped:
    lists = {name: data[name] for name in entry_models() if isinstance(data.get(name), list)}
    return Shaped(
        profile,
        {name: [n for n in range(len(items)) if (name, n) not in dropped] for name, items in lists.items()},
        broken,
        {name: {key for key in map(key_of, items) if key is not None} for name, items in lists.items()},
    )

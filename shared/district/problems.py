"""What is wrong with a profile, said to the person who has to put it right: where, what, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.contracts.commands import Command
from shared.district import base

Loc = tuple[int | str, ...]
"""A path into a profile, e.g. `("departments", 3, "parent")`."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line of a file; line 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


Lines = dict[Loc, Position]
"""Where each path of a profile, or of a part of it, is written."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path; `see` is another place that has to do with it."""

    loc: Loc
    message: str
    see: Loc | None = None


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at a line."""

    position: Position
    message: str

    def __str__(self) -> str:
        return f"{self.position}: {self.message}"


class ProfileError(Exception):
    """The profile is not valid; `problems` has all that is wrong with it, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


EXPECTED = {
    base.DEPARTMENT_REF: "a department code, or @township, @community, @police-station or @centre",
    base.DEPARTMENT: "1 to 40 characters of a-z, 0-9 and -",
    base.TOWNSHIP: "nine digits: the district's six and three more, e.g. 620802001",
    base.COMMUNITY: "twelve digits: the township's nine and three more, e.g. 620802001001",
    base.GRID: "fifteen characters: the community's twelve digits and three of 0-9 A-Z, e.g. 620802001001001",
    base.AREA: "the code of a township (9), community (12) or grid (15)",
    base.CATEGORY: "E (event) or P (component) and five digits, D (dispute) and two or four, L and a local code",
    base.GLOB: "a category key in which * stands for anything, e.g. E09*",
    base.CLASS: "E, P, D or L, alone or with the two digits of the major class, e.g. E06",
    base.SLUG: "up to 64 characters of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
    base.DOTTED: "a type without prefix and version, e.g. case.verify or clock.breached",
    r"^[0-9]{6}$": "six digits, e.g. 620802",
    r"^[a-z0-9-]{1,40}$": "1 to 40 characters of a-z, 0-9 and -",
    r"^[a-z][a-z0-9_-]{0,31}$": "a word of a-z, 0-9, '_' and '-', e.g. handle",
}
"""What each pattern of the model means to a person."""


def from_pydantic(error: ValidationError, fields: set[str]) -> list[Finding]:
    """Return pydantic's complaints as sentences at paths; `fields` are the names one may have meant."""
    errors = error.errors(include_url=False)
    inside = {one["loc"][:1] for one in errors if len(one["loc"]) > 1}
    # A list counts as too short when its entries are wrong; those are what has to be put right.
    told = [one for one in errors if one["type"] != "too_short" or one["loc"] not in inside]
    return [Finding(one["loc"], _sentence(dict(one), fields)) for one in told]


def _sentence(error: dict[str, Any], fields: set[str]) -> str:
    """Say what is wrong with a value and what would be right."""
    kind, given, field = error["type"], error.get("input"), _path(error["loc"])
    if kind == "missing":
        return f"'{field}' is missing"
    if kind == "extra_forbidden":
        return f"'{field}' is not a field here{_suggest(field.rpartition('.')[2], fields)}"
    if kind == "string_pattern_mismatch":
        return f"{field}: '{given}' is not {EXPECTED.get(error['ctx']['pattern'], error['msg'])}"
    message = str(error["msg"]).removeprefix("Value error, ")
    said = kind == "value_error" or isinstance(given, dict | list | tuple | BaseModel)
    return f"{field}: {message}" if said else f"{field}: {message[0].lower()}{message[1:]}, not '{given}'"


def _path(loc: Loc) -> str:
    """Write a path inside its section: `duty[2].hours`, entries counted from 1."""
    inner = loc[2:] if len(loc) > 1 and isinstance(loc[1], int) else loc[1:]
    steps = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in inner or loc]
    return "".join(steps).lstrip(".")


def _suggest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'lead'?` when a known word is close."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """Say that a reference leads nowhere, and where it may have been meant to lead."""
    return f"there is no {what} '{word}'{_suggest(word, known)}"


def fields_of(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields of a model and of the models inside it."""
    names = set(model.model_fields)
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            names |= fields_of(inner)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def command_names() -> set[str]:
    """Return every command there is by its short name, e.g. `case.verify`."""
    found: set[str] = set()
    todo: list[type[Command]] = [Command]
    while todo:
        one = todo.pop()
        todo.extend(one.__subclasses__())
        if one.type:
            found.add(one.type.removeprefix("gridwhistle.").removesuffix(".v1"))
    return found

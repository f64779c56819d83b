"""Telling whether a contract only grew: every way in which a new JSON Schema takes back what the old one promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

# Raising one of these, or adding it, refuses values that were fine; lowering it is growth. And the other way round.
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
FIXED = ("pattern", "format", "const")


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of a message's schema; `read_by_us` is what partners send, the rest is what they read."""

    root: Schema
    read_by_us: bool = False

    def follow(self, node: Schema) -> Schema:
        """Return the schema that a reference stands for, or the node itself."""
        reference = node.get("$ref")
        return node if reference is None else self.root["$defs"][reference.rsplit("/", 1)[-1]]


def breaks(old: Contract, new: Contract) -> list[str]:
    """Return a sentence for every promise of the old schema that the new one does not keep."""
    return list(_breaks(old, new, old.root, new.root, ""))


def _breaks(old: Contract, new: Contract, was: Schema, now: Schema, path: str) -> Iterator[str]:
    was, now = old.follow(was), new.follow(now)
    if any("anyOf" in one and "type" not in one for one in (was, now)):
        yield from _alternatives(old, new, was, now, path)
        return
    yield from _type(was, now, path)
    yield from _limits(was, now, path)
    yield from _values(was, now, path)
    yield from _fields(old, new, was, now, path)
    yield from _elements(old, new, was, now, path)


def _alternatives(old: Contract, new: Contract, was: Schema, now: Schema, path: str) -> Iterator[str]:
    """Every kind of value that was allowed must still be, by some alternative."""
    choices = now.get("anyOf", [now])
    for one in was.get("anyOf", [was]):
        if not any(not list(_breaks(old, new, one, choice, path)) for choice in choices):
            yield f"{path or 'the message'}: no longer allows {old.follow(one).get('title') or one}"


def _type(was: Schema, now: Schema, path: str) -> Iterator[str]:
    before, after = was.get("type"), now.get("type")
    widened = before == "integer" and after == "number"
    if after is not None and before != after and not widened:
        yield f"{path or 'the message'}: was {before}, is {after}"


def _limits(was: Schema, now: Schema, path: str) -> Iterator[str]:
    for name in LOWER_BOUNDS:
        if name in now and now[name] > was.get(name, float("-inf")):
            yield f"{path}: {name} is {now[name]}, was {was.get(name, 'not there')}"
    for name in UPPER_BOUNDS:
        if name in now and now[name] < was.get(name, float("inf")):
            yield f"{path}: {name} is {now[name]}, was {was.get(name, 'not there')}"
    for name in FIXED:
        if name in now and now[name] != was.get(name):
            yield f"{path}: {name} is {now[name]}, was {was.get(name, 'not there')}"


def _values(was: Schema, now: Schema, path: str) -> Iterator[str]:
    if "enum" in now:
        gone = [value for value in was.get("enum", ["(anything)"]) if value not in now["enum"]]
        if gone:
            yield f"{path}: no longer allows {', '.join(map(str, gone))}"


def _fields(old: Contract, new: Contract, was: Schema, now: Schema, path: str) -> Iterator[str]:
    before, after = was.get("properties", {}), now.get("properties", {})
    for name, field in before.items():
        if name in after:
            yield from _breaks(old, new, field, after[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}: was taken away or renamed"
    for name in set(now.get("required", ())) - set(was.get("required", ())):
        yield f"{path}.{name}: is now required"
    if not new.read_by_us:
        for name in set(was.get("required", ())) & set(after) - set(now.get("required", ())):
            yield f"{path}.{name}: readers could rely on it and now cannot"
    if now.get("additionalProperties") is False and was.get("additionalProperties") is not False:
        yield f"{path or 'the message'}: no longer passes over unknown fields"


def _elements(old: Contract, new: Contract, was: Schema, now: Schema, path: str) -> Iterator[str]:
    if isinstance(now.get("items"), dict):
        yield from _breaks(old, new, was.get("items", {}), now["items"], f"{path}[]")
    before, after = was.get("prefixItems", []), now.get("prefixItems", [])
    if len(before) != len(after):
        yield f"{path}: is a tuple of {len(after)}, was of {len(before)}"
    for place, (one, other) in enumerate(zip(before, after, strict=False)):
        yield from _breaks(old, new, one, other, f"{path}[{place}]")

"""What two versions of a profile differ in, section by section and entry by entry. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from shared.district.model import Profile
from shared.district.source import key_of

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: an entry (or setting) of a section, and for what changed the path inside it, old and new."""

    section: str
    key: str
    kind: Kind
    path: str = ""
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        name = " ".join(part for part in (self.section, self.key, self.path) if part)
        if self.kind != "changed":
            return f"{name}: {self.kind}"
        return f"{name}: {_short(self.old)} -> {_short(self.new)}"


def diff(old: Profile | None, new: Profile) -> tuple[Change, ...]:
    """Return what applying `new` would change; everything is added when there is no old one."""
    before = {} if old is None else old.body()
    after = new.body()
    names = [*before, *(name for name in after if name not in before)]
    return tuple(change for name in names for change in _section(name, before.get(name), after.get(name)))


def vanished_grids(old: Profile | None, new: Profile) -> tuple[str, ...]:
    """Return grids that would no longer resolve: known before, and now neither there nor re-cut into others."""
    kept = {grid.code for grid in new.grids}
    return tuple(grid.code for grid in old.grids if grid.code not in kept) if old else ()


def _section(name: str, old: Any, new: Any) -> Iterator[Change]:
    old_entries, new_entries = _entries(old), _entries(new)
    if old_entries is None or new_entries is None:
        yield from _values(name, "", "", old, new)
        return
    for key, entry in new_entries.items():
        if key not in old_entries:
            yield Change(name, key, "added", new=entry)
        else:
            yield from _values(name, key, "", old_entries[key], entry)
    yield from (Change(name, key, "removed", old=old_entries[key]) for key in old_entries if key not in new_entries)


def _entries(value: Any) -> dict[str, Any] | None:
    """Return a section that is a list of entries with codes by code; None for any other section."""
    if value is None:
        return {}
    keys = [key_of(entry) for entry in value] if isinstance(value, list) else [None]
    return None if None in keys else dict(zip(map(str, keys), value, strict=True))


def _values(section: str, key: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _values(section, key, f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    else:
        yield Change(section, key, "changed", path, old, new)


def _short(value: Any) -> str:
    """Write a value of a profile in a few words."""
    if isinstance(value, dict) and set(value) == {"amount", "unit"}:
        return f"{value['amount']} {value['unit']}"
    if isinstance(value, list) and len(str(value)) > 80:  # noqa: PLR2004 - what fits a line
        return f"[{len(value)} entries]"
    return "nothing" if value is None else str(value)

"""What a partner calls a matter, as the key of a category of the district."""

from __future__ import annotations

from shared.district.lookup import DirectoryIndex

CLAIM_LIMIT = 100
_CLASS_DIGITS = 5


def find_category(index: DirectoryIndex, claim: str, label_map: str | None) -> str | None:
    """Return the key a claim means: key, partner's label, old four-digit code, bare code, alias, name; None if unknown.

    A bare five-digit code is a matter (事项) when there is one, else a component (部件): they share the number space.
    """
    found = index.category(claim, label_map)
    if found is None and len(claim) == _CLASS_DIGITS and claim.isdecimal():
        found = index.category(f"P{claim}", label_map)
    return None if found is None else found.key

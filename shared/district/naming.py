"""Finding a category by whatever a partner calls it: key, old code, label of a video system, name."""

from __future__ import annotations

from collections import Counter

from shared.district.categories import Category
from shared.district.model import Profile

_CLASS_DIGITS = 5
_MATTER_DIGITS = 11


class CategoryIndex:
    """The categories of one profile by key and by every other name that means exactly one of them."""

    def __init__(self, profile: Profile) -> None:
        self._district = profile.code
        self._maps = profile.label_maps
        self._aliases = profile.aliases
        self._by_key = {category.key: category for category in profile.categories}
        names = [(name, one.key) for one in profile.categories for name in (one.name, *one.aliases)]
        uses = Counter(name for name, _ in names)
        self._by_name = {name: key for name, key in names if uses[name] == 1}

    def get(self, key: str) -> Category | None:
        """Return the category under exactly this key."""
        return self._by_key.get(key)

    def find(self, value: str, label_map: str | None = None) -> Category | None:
        """Return the category a partner means, or None when nothing or more than one thing fits.

        Tried in order: key (`E06010`), the partner's label map, alias (old codes `0102`, `E0102`; local names), bare
        class code of a matter (`06010`), matter code with district (SXDM, `62080206010`), name or alias.
        """
        value = value.strip()
        for key in self._readings(value, label_map):
            if key in self._by_key:
                return self._by_key[key]
        return None

    def _readings(self, value: str, label_map: str | None) -> tuple[str, ...]:
        labels = self._maps.get(label_map, {}) if label_map else {}
        upper = value.upper()
        bare = value.removeprefix(self._district) if len(value) == _MATTER_DIGITS else value
        return (
            upper,
            labels.get(value, ""),
            self._aliases.get(value, self._aliases.get(upper, "")),
            self._aliases.get(upper.removeprefix("E"), "") if upper.startswith("E") else "",
            f"E{bare}" if bare.isdecimal() and len(bare) == _CLASS_DIGITS else "",
            self._by_name.get(value, ""),
        )

"""Finding a community or township by its name in free text (地址匹配).

Names are matched in full and in short form: 解放中路社区居委会 is also 解放中路社区 and 解放中路. A short form of two
characters is as often an ordinary word (广场, 幸福), so it counts only where 村, 社, 组, 队 or 庄 follows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.district.areas import Community, Township

_COMMUNITY_ENDINGS = ("社区居民委员会", "社区居委会", "村民委员会", "居民委员会", "社区", "村委会", "居委会", "村")
_TOWNSHIP_ENDINGS = ("街道办事处", "街道", "镇", "乡")
_SHORT = 2
_PLACE_FOLLOWS = re.compile(r"[一二三四五六七八九十\d]*[村社组队庄]")
_BLANK = re.compile(r"\s+")
_TOWNSHIP_DIGITS = 9


def _stem(name: str, endings: tuple[str, ...]) -> str:
    """Return the name without what it is: 解放中路社区居委会 -> 解放中路."""
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)


def _community_forms(community: Community) -> Iterator[str]:
    stem = _stem(community.name, _COMMUNITY_ENDINGS)
    kind = "社区" if "社区" in community.name or "居" in community.name else "村"
    yield from (community.name, stem + kind, stem, *community.aliases)


def _township_forms(township: Township) -> Iterator[str]:
    stem = _stem(township.name, _TOWNSHIP_ENDINGS)
    yield from (township.name, *township.aliases)
    if stem != township.name:
        yield from (stem + ending for ending in _TOWNSHIP_ENDINGS)
        if len(stem) > _SHORT:
            yield stem


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names: a community with its township, a township alone, or nothing."""

    community: str | None = None
    township: str | None = None


class AddressIndex:
    """The names of a district's townships and communities, found in a text by longest match."""

    def __init__(self, townships: Iterable[Township], communities: Iterable[Community]) -> None:
        forms: defaultdict[str, set[str]] = defaultdict(set)
        for township in townships:
            for form in _township_forms(township):
                forms[form].add(township.code)
        for community in communities:
            for form in _community_forms(community):
                forms[form].add(community.code)
        self._forms = dict(forms)
        self._starts: dict[str, list[str]] = {}
        for form in sorted(forms, key=len, reverse=True):
            self._starts.setdefault(form[:_SHORT], []).append(form)

    def find(self, text: str) -> Named:
        """Return the one community the text names, else the one township, else nothing.

        The longest name counts. Several communities of one township are as good as the township; a township that is
        named decides between villages of the same name (甘沟村 is in two).
        """
        forms = list(self._matches(_BLANK.sub("", text)))
        named = [(len(form), code) for form in forms for code in self._codes(form)]
        townships = _longest((size, code) for size, code in named if len(code) == _TOWNSHIP_DIGITS)
        communities = _longest(
            (size, code)
            for size, code in named
            if len(code) > _TOWNSHIP_DIGITS and (not townships or code[:_TOWNSHIP_DIGITS] in townships)
        )
        if len(communities) == 1:
            (code,) = communities
            return Named(code, code[:_TOWNSHIP_DIGITS])
        candidates = {code[:_TOWNSHIP_DIGITS] for code in communities} or townships
        return Named(None, next(iter(candidates))) if len(candidates) == 1 else Named()

    def _codes(self, form: str) -> set[str]:
        """Return what a name stands for; where a township and its village share it, the township."""
        codes = self._forms[form]
        return {code for code in codes if len(code) == _TOWNSHIP_DIGITS} or codes

    def _matches(self, text: str) -> Iterator[str]:
        """Yield the names in the text from left to right, each the longest at its place, without overlap."""
        at = 0
        while at < len(text) - 1:
            form = self._at(text, at)
            if form is not None:
                yield form
            at += len(form) if form else 1

    def _at(self, text: str, at: int) -> str | None:
        for form in self._starts.get(text[at : at + _SHORT], ()):
            if text.startswith(form, at) and (len(form) > _SHORT or _PLACE_FOLLOWS.match(text, at + len(form))):
                return form
        return None


def _longest(named: Iterable[tuple[int, str]]) -> set[str]:
    """Return the codes of the longest name, of all of them when several are as long."""
    by_size: defaultdict[int, set[str]] = defaultdict(set)
    for size, code in named:
        by_size[size].add(code)
    return by_size[max(by_size, default=0)]

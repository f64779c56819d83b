"""Categories by the district's own words: names, aliases and keywords of its code tables. Needs no history.

The confidences are a scale set by hand, not learnt: a whole name or alias of three characters in a text may open a
case, less than that only suggests. Measured in docs/classifier.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.classifier.features import clean
from shared.classifier.model import Guess
from shared.district.categories import Category

NAMED, NAMED_BRIEFLY = 0.92, 0.6
THING_IN_TROUBLE, THING = 0.85, 0.45
HINTED, HINTED_TWICE = 0.7, 0.85
RESEMBLES = 0.6
_HALF = 0.5
_BRIEF = 2
_NEAR = 6
"""Characters after a thing in which it is told what is wrong with it: 停车场入口路面有坑 is not about the car park."""

_TROUBLE = re.compile("坏|破|损|裂|断|倒|塌|歪|漏|堵|丢|缺|掉|锈|松动|故障|失灵|异常|不亮|不通|不能用|没反应|停运|闪")
_DISPUTE = re.compile("纠纷|争议|矛盾|调解|起诉|侵权|索赔|赔偿|拖欠|争吵|协商")
_ODD = "异常"
_RANK = {"L": 0, "E": 1, "D": 2, "P": 3}
"""Whose word it is when two categories have it: the district's own first; a component is what a matter is about."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that mean a category; `thing`: only when something is the matter with it; `hint`: no name, a keyword."""

    words: str
    key: str
    thing: bool = False
    hint: bool = False

    def strength(self, text: str) -> float:
        """Return how sure the phrase in this text makes of its category."""
        if self.hint:
            return HINTED
        if self.thing:
            return THING_IN_TROUBLE if self._wrong(text) else THING
        return NAMED if len(self.words) > _BRIEF else NAMED_BRIEFLY

    def _wrong(self, text: str) -> bool:
        if self.key.startswith("D"):
            return _DISPUTE.search(text) is not None
        after = (text[at : at + _NEAR] for at in _ends(self.words, text))
        return any(_TROUBLE.search(words) for words in after)


def _ends(words: str, text: str) -> Iterator[int]:
    """Yield where each occurrence of the words ends."""
    at = text.find(words)
    while at >= 0:
        yield at + len(words)
        at = text.find(words, at + 1)


class WordBook:
    """The words of one profile's categories, looked up in a text in one pass."""

    def __init__(self, categories: Sequence[Category]) -> None:
        names = Counter(word for one in categories for word in {one.name, *one.aliases, *one.keywords})
        phrases: dict[str, Phrase] = {}
        for one in sorted(categories, key=lambda one: (_RANK.get(one.kind, 0), one.key)):
            for phrase in _phrases(one):
                if names[phrase.words] <= 1 or phrase.hint:
                    phrases.setdefault(phrase.words, phrase)
        self._starting: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in sorted(phrases.values(), key=lambda one: -len(one.words)):
            self._starting[phrase.words[:_BRIEF]].append(phrase)
        self._pairs = _pairs_of(phrases.values())

    def guess(self, text: str) -> Guess | None:
        """Return the category that a text's words mean or resemble, None where there is no trace of any."""
        cleaned = clean(text)
        found = self._named(cleaned)
        return _weighed(found) if found else self._resembling(cleaned)

    def _named(self, text: str) -> dict[str, float]:
        """Return the categories with a phrase in the text, none that is only a part of a longer one."""
        found: dict[str, list[Phrase]] = defaultdict(list)
        at = 0
        while at < len(text) - 1:
            begins = self._starting.get(text[at : at + _BRIEF], ())
            phrase = next((one for one in begins if text.startswith(one.words, at)), None)
            if phrase is not None:
                found[phrase.key].append(phrase)
            at += len(phrase.words) if phrase else 1
        return {key: _together(phrases, text) for key, phrases in found.items()}

    def _resembling(self, text: str) -> Guess | None:
        """Return the category of whose name the text holds the greatest part, if that is at least half of it."""
        held: dict[str, float] = defaultdict(float)
        for pair in _neighbours(text):
            for words, share in self._pairs.get(pair, ()):
                held[words] += share
        best = max(held, key=lambda words: held[words], default=None)
        if best is None or held[best] < _HALF:
            return None
        return Guess(self._key(best), round(RESEMBLES * held[best], 3))

    def _key(self, words: str) -> str:
        return next(one.key for one in self._starting[words[:_BRIEF]] if one.words == words)


def _phrases(category: Category) -> Iterator[Phrase]:
    """Yield what the tables call a category; of 路灯异常 the lamp alone means it too, if something is wrong with it."""
    for name in (category.name, *category.aliases):
        words = clean(name)
        bare = words.removesuffix(_ODD)
        thing = bare != words or category.kind == "P" or (category.kind == "D" and _DISPUTE.search(words) is None)
        for spelt in {words, bare}:
            if len(spelt) >= _BRIEF:
                yield Phrase(spelt, category.key, thing and spelt == bare)
    for word in category.keywords:
        if len(clean(word)) >= _BRIEF:
            yield Phrase(clean(word), category.key, hint=True)


def _together(phrases: Sequence[Phrase], text: str) -> float:
    hints = {one.words for one in phrases if one.hint}
    return max(HINTED_TWICE if len(hints) > 1 else 0.0, *(one.strength(text) for one in phrases))


def _weighed(found: dict[str, float]) -> Guess:
    """Return the strongest category, the less sure the stronger the next one is."""
    first, *rest = sorted(found, key=lambda key: -found[key])
    rival = max((found[key] for key in rest), default=0.0)
    best = found[first]
    return Guess(first, round(best * (1 - (rival / (best + rival)) ** 2), 3))


def _pairs_of(phrases: Iterable[Phrase]) -> dict[str, list[tuple[str, float]]]:
    """Return, for each pair of characters, the names it occurs in and how much of each it makes up; rare ones more."""
    pairs = {one.words: _neighbours(one.words) for one in phrases if not one.hint}
    uses = Counter(pair for some in pairs.values() for pair in some)
    shares: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for words, some in pairs.items():
        whole = sum(1 / math.sqrt(uses[pair]) for pair in some)
        for pair in some:
            shares[pair].append((words, 1 / math.sqrt(uses[pair]) / whole))
    return dict(shares)


def _neighbours(text: str) -> set[str]:
    """Return the pairs of neighbouring characters of a text."""
    return {text[at : at + 2] for at in range(len(text) - 1) if " " not in text[at : at + 2]}

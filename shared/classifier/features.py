"""A text as numbers: characters and pairs of characters, counted; what is said first counts more.

Chinese needs no words for this: two neighbouring characters tell nearly as much as a dictionary would, and no
dictionary has to be shipped. Every number stands for exactly one feature (no hashing), so a model can say what it
goes by (`spell`).
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Counts = NDArray[np.float32]

READ = 2_000
"""Characters of a text that are looked at: 20,000 would take ten times as long and rarely say anything new."""

TITLE = (6, 40)
"""A title ends at the first blank or line break between these characters."""

OPENING = 12
"""Characters that are taken for the title where none ends so."""

TITLE_WEIGHT, TITLE_APART = 2.0, 1.5
"""What stands in a title counts so many times more, and so many times as a feature of its own: 学校 in a title is the
matter, in the 300th character perhaps the place."""

_BITS = np.uint64(21)
_IN_TITLE = np.uint64(1 << 63)
_NUMBERS = re.compile(r"[a-z]?[0-9*]+")
_GAPS = re.compile(r"[\W_]+")
_BLANK = re.compile(r"\s")


def clean(text: str) -> str:
    """Return what is left of a text for comparing: one form of each character, numbers as `0`, marks as blanks."""
    text = unicodedata.normalize("NFKC", text[:READ]).lower()
    return _GAPS.sub(" ", _NUMBERS.sub("0", text)).strip()


def read(text: str) -> tuple[Keys, Counts]:
    """Return the features of a text in rising order, each once, and how often each occurs."""
    cleaned = clean(text)
    ends = _BLANK.search(text, *TITLE)
    whole, title = _grams(cleaned), _grams(clean(text[: ends.start()]) if ends else cleaned[:OPENING])
    keys, places = np.unique(np.concatenate([whole, title, title | _IN_TITLE]), return_inverse=True)
    weights = np.ones(len(places), np.float32)
    weights[len(whole) :] = np.repeat([TITLE_WEIGHT, TITLE_APART], len(title))
    return keys, np.bincount(places, weights).astype(np.float32)


def _grams(text: str) -> Keys:
    """Return the characters of a text and its pairs of neighbours, packed."""
    ones = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return np.concatenate([ones, (ones[:-1] << _BITS) | ones[1:]])


def spell(key: int) -> str:
    """Return a feature as people read it; `^` marks one of the title."""
    characters = [chr(code) for code in ((key >> 21) & 0x1FFFFF, key & 0x1FFFFF) if code]
    return ("^" if key >> 63 else "") + "".join(characters)

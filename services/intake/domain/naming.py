"""The places that a text names (地名): estates, roads, villages, schools, as far as words alone can tell.

Chinese has no word boundaries, and no gazetteer has every estate. A name is taken to be the two characters before a
word that places end in, with the first character of that word: 丽发新城 and 丽发新城小区 both give 丽发新. What many
texts say of no place in particular (道路, 我们小区, 市政府) is none, nor is a township: too much happens in one.
"""

from __future__ import annotations

import re

MAX_NAMES = 12
"""A text that names more is an essay; what it is about is named first."""

_ENDINGS = (
    "小区|社区|新村|新城|新区|家园|花园|公园|大厦|广场|山庄|公寓|大道|学校|中学|小学|大学|医院|市场|商场|酒店|"
    "苑|府|城|园|湾|畔|路|街(?!道)|巷|桥|村"
)
_CHAIN = re.compile(f"(?:{_ENDINGS})+")
_HEAD = 2
_CHINESE = re.compile("[\u4e00-\u9fff]{2}")
_NO_NAME = re.compile(
    "政府|幼儿园|路上|[道马公铁修网一]路|线路|十字路|断头路|过街|[上逛]街|步行街|城市|中心城|[本我农乡全]村|"
    "^(?:安置|住宅|业主|周边|附近|国际|街道|居民|实验|多个|整个)|[的在了是和与到从被把我你他们这那个有没各]"
)
_BEYOND = 4


def names(text: str) -> list[str]:
    """Return the places a text names, each as three characters, in the order they are named, without repetition."""
    letters = "".join(one for one in text if one.isalnum())
    found = (_name(one.start(), letters) for one in _CHAIN.finditer(letters))
    return list(dict.fromkeys(name for name in found if name))[:MAX_NAMES]


def _name(start: int, letters: str) -> str | None:
    """Return the name whose ending begins there; what is said of no place in particular is none."""
    head = letters[max(0, start - _HEAD) : start]
    said = letters[start - _HEAD : start - _HEAD + _BEYOND] if start >= _HEAD else ""
    if not _CHINESE.fullmatch(head) or _NO_NAME.search(head) or _NO_NAME.search(said):
        return None
    return said[: _HEAD + 1]

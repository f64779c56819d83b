"""Chinese letters in pictures: a font of the machine that has them, or titles in English alone."""

from __future__ import annotations

import re
from functools import cache

from matplotlib import font_manager

KNOWN = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
)  # fmt: skip
HOW_TO_INSTALL = (
    "no font on this machine has Chinese letters, so the pictures are in English alone "
    "(Debian: apt-get install fonts-noto-cjk)"
)
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")


@cache
def chinese() -> str | None:
    """Return the first font that will do."""
    there = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in KNOWN if name in there), None)


def families() -> list[str]:
    """Return what to write with."""
    found = chinese()
    return [*([found] if found else []), "DejaVu Sans"]


def shown(text: str) -> str:
    """Return a text as it can be written here."""
    return text if chinese() else CHINESE.sub("", text).strip()

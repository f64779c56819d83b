"""Free text made fit for people and machines: one form of each character, nothing that cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

TEXT_LIMIT = 20_000
LINE_LIMIT = 500

# Control characters (Cc) apart from the three below, format characters (Cf: zero width, bidirectional overrides, byte
# order mark, tags), surrogates and noncharacters. Private use (Co) stays: old Chinese encodings keep rare names there.
_UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_GONE = re.compile(f"[{_UNSEEN}]")
# Blanks go first, so that neither pattern ever looks back over a run of them (20,000 would take seconds).
_BLANKS = re.compile(r"[ \t]{2,}|\t")
_BREAKS = re.compile(" ?[\n\r\x0b\x0c\x85\u2028\u2029][ \n\r\x0b\x0c\x85\u2028\u2029]*")
_LONG = 500
_MARKS_KEPT = 30
"""Marks on one letter, as in the stream-safe format of UAX #15. Normalising sorts them in quadratic time: 20,000 in a
row took a second, and a few hundred such reports would have held up their partition for ever."""


@cache
def _mark_runs() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(char))
    return re.compile(f"([{marks}]{{{_MARKS_KEPT}}})[{marks}]+")


def _one_form(text: str) -> str:
    """Return the text in NFKC without what cannot be seen."""
    if not text.isprintable():
        text = _GONE.sub("", text)
    if text.isascii():
        return text
    if len(text) > _LONG:
        text = _mark_runs().sub(r"\1", text)
    return unicodedata.normalize("NFKC", text)


def clean_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return text of several lines: NFKC, no unseen characters, blanks and empty lines squeezed, cut at `limit`."""
    text = _BREAKS.sub("\n", _BLANKS.sub(" ", _one_form(text)))
    return text.strip()[:limit].rstrip()


def clean_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return text of one line: NFKC, no unseen characters, every run of blanks one space, cut at `limit`."""
    return " ".join(_one_form(text).split())[:limit].rstrip()

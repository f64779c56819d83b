"""Text: one form of each character, nothing unseen, and the same again when cleaned again."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.text import _GONE, LINE_LIMIT, TEXT_LIMIT, clean_line, clean_text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("解放中路１２号　３号楼", "解放中路12号 3号楼"),
        ("电话：１３８－００００", "电话:138-0000"),
        ("\ufeff一\u200b二\u202e三\u2066四\u00ad", "一二三四"),
        ("一\x00二\x07三\x1b[0m", "一二三[0m"),
        ("  a \t b  ", "a b"),
        ("一\r\n\r\n \n二\u2028三\x85四", "一\n二\n三\n四"),
        ("e\u0301", "é"),
        ("\ue123保留", "\ue123保留"),
        ("\u200b\u200d", ""),
    ],
)
def test_text_is_brought_into_one_form(raw: str, clean: str) -> None:
    """Full-width, byte order mark, zero width, bidirectional, control: gone; names in private use: kept."""
    assert clean_text(raw) == clean


def test_a_line_has_no_breaks() -> None:
    """Addresses and names are one line."""
    assert clean_line(" 解放中路\r\n12号\t3楼 ") == "解放中路 12号 3楼"
    assert len(clean_line("字" * 1_000)) == LINE_LIMIT


def test_every_control_and_format_character_goes() -> None:
    """No character of categories Cc, Cf and Cs survives, and none but those and noncharacters is taken out."""
    by_category: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        by_category.setdefault(unicodedata.category(chr(code)), []).append(chr(code))
    for category, characters in by_category.items():
        if category in ("Cc", "Cf", "Cs"):
            assert clean_text("".join(characters)) == ""
        elif category != "Cn":
            assert _GONE.search("".join(characters)) is None


@given(st.text())
def test_clean_text_is_clean(text: str) -> None:
    """Cleaning again changes nothing, the bound holds, and JSON and a database can take it."""
    once = clean_text(text)
    assert len(once) <= 20_000
    assert "\x00" not in once
    once.encode()
    assert clean_text(once) == once


@pytest.mark.parametrize(
    "hostile", [" " * 20_000, "\t \n" * 7_000, "\n " * 10_000, "\u200b" * 20_000, " \u2028" * 9_000]
)
def test_runs_of_blanks_cost_nothing(hostile: str) -> None:
    """Patterns that look back over a run of blanks would take seconds for these."""
    assert clean_text(hostile) == ""
    assert clean_line(hostile) == ""


def test_a_character_that_becomes_many_does_not_lengthen_a_text() -> None:
    """NFKC writes one ligature as eighteen letters; the bound holds for what comes out."""
    assert len(clean_text("\ufdfa" * 20_000)) == TEXT_LIMIT
    assert len(clean_text("a" * 20_001)) == TEXT_LIMIT


@pytest.mark.parametrize("marks", ["\u0301\u0327", "\u0315\u0301\u0327\u0334", "\U0001e944\u0327"])
def test_marks_without_end_are_cut(marks: str) -> None:
    """Sorting twenty thousand of them takes a second; nobody writes more than thirty on one letter."""
    assert len(clean_text("a" + marks * 5_000)) <= 40

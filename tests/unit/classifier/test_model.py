"""A text becomes features, features a category, and how sure one may be."""

from __future__ import annotations

import pytest

from services.intake.domain.text import clean_text
from shared.classifier.features import READ, read, spell
from shared.classifier.model import telling
from tests.unit.classifier.small import LABELS, model


def features(text: str) -> dict[str, float]:
    """Return the features of a text as people read them."""
    keys, counts = read(text)
    return {spell(int(key)): float(count) for key, count in zip(keys, counts, strict=True)}


def test_a_text_is_its_characters_and_their_pairs() -> None:
    """What is said in the title counts three times, and stands apart as well."""
    found = features("路灯不亮")
    assert found["路灯"] == found["灯"] == 3
    assert found["^路灯"] == 1.5
    assert "路不" not in found


def test_a_title_ends_at_the_first_blank() -> None:
    """What comes behind it counts once and does not stand apart, however near to the beginning."""
    found = features("路灯一直不亮 请修复")
    assert (found["路灯"], found["修复"]) == (3, 1)
    assert "^路灯" in found
    assert "^修复" not in found


@pytest.mark.parametrize("other", ["３号楼路灯坏了！！", "12号楼路灯坏了", "A7号楼路灯坏了"])
def test_numbers_and_widths_make_no_difference(other: str) -> None:
    """3号楼 and 12号楼 are the same place to a classifier."""
    assert features(other) == features("3号楼路灯坏了")


def test_a_text_means_the_same_before_and_behind_intake() -> None:
    """What was learnt from a file holds for what intake has made of a report."""
    raw = "小区门口南侧　　路灯不亮，\n\n请修复"
    assert features(raw) == features(clean_text(raw))


def test_of_a_long_text_only_the_beginning_is_read() -> None:
    """What a partner can make long costs no more than this."""
    assert features("路" * READ + "灯") == features("路" * (READ + 500))


@pytest.mark.parametrize(("text", "label"), [("有垃圾无人清理", "E06010"), ("噪声很大", "E06028")])
def test_the_likeliest_category_is_guessed(text: str, label: str) -> None:
    """And more surely the more of the text speaks for it."""
    found = model().guess(text)
    assert found is not None
    assert found.category == label
    assert found.confidence > 0.9


def test_a_text_that_speaks_for_both_is_unsure() -> None:
    """Half and half."""
    found = model().guess("垃圾噪声")
    assert found is not None
    assert found.confidence < 0.6


@pytest.mark.parametrize("text", ["", "  ", "!!", "hello", "天气真好", "\ud800"])
def test_a_text_of_which_the_model_knows_nothing_gets_no_guess(text: str) -> None:
    """No confidence is made up."""
    assert model().guess(text) is None


def test_a_model_says_what_it_goes_by() -> None:
    """The features are the text itself, not hashes of it."""
    assert {spell(key) for key in telling(model(), LABELS[0], 3)} == {"垃", "圾", "垃圾"}

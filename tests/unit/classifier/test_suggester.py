"""What a text suggests: by the words of the code tables alone, and together with a trained model."""

from __future__ import annotations

from typing import Any

import pytest

from shared.classifier.suggester import Suggester, Trained
from shared.classifier.words import WordBook
from shared.district.lookup import DirectoryIndex
from shared.district.model import Category
from shared.district.policies import TextClassifier
from tests.unit.classifier.small import model
from tests.unit.intake.world import profile

TABLES = (
    Category(key="E06010", name="暴露垃圾", aliases=("垃圾",), keywords=("无人清理", "异味")),
    Category(key="E06028", name="噪声扰民", aliases=("噪音扰民",)),
    Category(key="E01037", name="路灯异常"),
    Category(key="P01037", name="路灯"),
    Category(key="E02001", name="停车场异常"),
    Category(key="L01007", name="燃气泄漏"),
    Category(key="D0402", name="物业及其管理", aliases=("物业纠纷",)),
    Category(key="D0499", name="其他"),
    Category(key="D0599", name="其他"),
    Category(key="E06005", name="临街阳台、屋顶脏乱差"),
)
BOOK = WordBook(TABLES)
SURE = 0.8


@pytest.mark.parametrize(
    ("text", "key", "sure"),
    [
        ("楼上每晚噪声扰民", "E06028", True),
        ("疑似燃气泄漏，请速来", "L01007", True),
        ("小区门口路灯不亮", "E01037", True),
        ("建议在路灯旁加装座椅", "E01037", False),
        ("停车场入口路面有坑", "E02001", False),
        ("物业纠纷，要求退费", "D0402", True),
        ("物业及其管理", "D0402", False),
        ("垃圾很多", "E06010", False),
        ("楼下一堆东西无人清理", "E06010", False),
        ("楼下一堆东西无人清理，有异味", "E06010", True),
        ("临街阳台的屋顶又脏又乱", "E06005", False),
    ],
)
def test_the_words_of_the_tables_suggest_a_category(text: str, key: str, *, sure: bool) -> None:
    """A whole name opens a case; a brief one, a keyword, a thing that nothing is wrong with, or a likeness does not."""
    found = BOOK.guess(text)
    assert found is not None
    assert found.category == key
    assert (found.confidence >= SURE) is sure


def test_two_matters_in_one_text_are_for_a_human() -> None:
    """Each name alone would have been enough."""
    found = BOOK.guess("楼下烧烤摊噪声扰民，还有燃气泄漏的味道")
    assert found is not None
    assert found.confidence < SURE


@pytest.mark.parametrize("text", ["", "其他", "今天天气真好", "hello", "。"])
def test_where_nothing_points_anywhere_nothing_is_suggested(text: str) -> None:
    """A name that two categories have means neither."""
    assert BOOK.guess(text) is None


def suggester(*, trained: bool = True, sharpness: float = 4.0, **policy: Any) -> Suggester:
    """Return what judges for a district with these tables."""
    index = DirectoryIndex(profile(categories=TABLES, classifier=TextClassifier(**policy)))
    return Suggester(index, Trained(7, model(sharpness)) if trained else None)


def said(judge: Suggester, text: str) -> tuple[str, str] | None:
    """Return which category, and by what."""
    found = judge.suggest(text)
    return None if found is None else (found.category, found.source)


def test_a_sure_model_is_heard_first() -> None:
    """It has seen how this centre classifies."""
    assert said(suggester(), "噪声很大，附近燃气泄漏") == ("E06028", "model@7")


def test_where_the_model_is_unsure_a_whole_name_decides() -> None:
    """What the model never saw may still stand in the tables."""
    assert said(suggester(sharpness=0.1), "噪声旁边燃气泄漏") == ("L01007", "words@3")


def test_where_nobody_is_sure_a_human_is_shown_the_models_word() -> None:
    """And of a text it knows nothing of, that of the tables."""
    judge = suggester(sharpness=0.1)
    assert said(judge, "垃圾很多") == ("E06010", "model@7")
    assert said(judge, "建议在路灯旁加装座椅") == ("E01037", "words@3")


def test_without_a_model_the_tables_suggest() -> None:
    """As on a centre's first day."""
    assert said(suggester(trained=False), "噪声扰民") == ("E06028", "words@3")


def test_a_category_that_the_profile_no_longer_has_is_never_suggested() -> None:
    """A model may be older than the profile."""
    index = DirectoryIndex(profile(categories=TABLES[1:]))
    assert Suggester(index, Trained(7, model())).suggest("有垃圾无人") is None


def test_a_district_may_do_without() -> None:
    """Then every report without a category goes to a human as it is."""
    assert suggester(enabled=False).suggest("噪声扰民") is None

"""Personal data in free text: masked where it is, and nothing else touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.masking import mask, redact


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请联系13800000000", "请联系138****0000"),
        ("电话+86 138-0000-0000。", "电话138****0000。"),
        ("手机 138 0000 0000 或008613900001111", "手机 138****0000 或139****1111"),
        ("座机0933-8210000", "座机0933-****000"),
        ("座机(010) 82100000", "座机0108-****000"),
        ("身份证620802199001011234已登记", "身份证620802************已登记"),
        ("身份证62080219900101123X", "身份证620802************"),
        ("邮箱zhang.san@example.com,谢谢", "邮箱z***@example.com,谢谢"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    """What stays of it is enough to tell two apart."""
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "网格620802001001003",
        "工单12345-20260701-0001",
        "编码62080206010",
        "3号楼12单元1201",
        "2026-07-01 08:30:00",
        "订单号201380000000012345",
        "a@b",
        "",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    """Grid codes, order numbers, matter codes, dates."""
    assert mask(text) == text


def test_the_reporters_own_name_is_shortened() -> None:
    """Wherever it stands in the text; a single character is too common to be a name."""
    assert redact("我叫王某某,电话13800000000", ["王某某"]) == "我叫王**,电话138****0000"
    assert redact("王家村积水", ["王"]) == "王家村积水"
    assert redact("积水", []) == "积水"


@given(
    st.from_regex(r"1[3-9]\d{9}", fullmatch=True),
    st.sampled_from(["电话", "tel:", "(", ""]),
    st.sampled_from(["。", " ", "a", ""]),
)
def test_no_mobile_number_gets_through(number: str, before: str, after: str) -> None:
    """Whatever stands around it."""
    assert number not in mask(f"{before}{number}{after}")


@pytest.mark.parametrize("hostile", ["a" * 20_000, "1" * 20_000, "a@" * 10_000, "a.b-" * 5_000 + "@", "1 3" * 6_000])
def test_long_texts_cost_nothing(hostile: str) -> None:
    """An unbounded pattern for addresses would take minutes for these."""
    assert mask(hostile)

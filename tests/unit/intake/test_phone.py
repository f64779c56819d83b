"""Telephone numbers: E.164, the same by the short way and by the library."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.phone import e164


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13800000000", "+8613800000000"),
        ("138 0000 0000", "+8613800000000"),
        ("+86-138-0000-0000", "+8613800000000"),
        ("008613800000000", "+8613800000000"),
        ("0933-8210000", "+869338210000"),
        ("(0933) 8210000", "+869338210000"),
        ("+1 617 555 0100", "+16175550100"),
        ("12345", None),
        ("8210000", None),
        ("电话不详", None),
        ("", None),
        ("1" * 500, None),
    ],
)
def test_a_number_is_brought_into_one_form(raw: str, number: str | None) -> None:
    """Mobile and fixed, with and without country; what is no number is none."""
    assert e164(raw) == number


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_the_short_way_says_what_the_library_says(raw: str) -> None:
    """Wherever the library takes a Chinese mobile number for valid."""
    parsed = phonenumbers.parse(raw, "CN")
    if phonenumbers.is_valid_number(parsed):
        assert e164(raw) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(raw: str) -> None:
    """Nothing raises."""
    found = e164(raw)
    assert found is None or found.startswith("+")

"""A stored model comes back as it was, and bytes that are no model are refused with a sentence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from shared.classifier.format import MAX_BYTES, BadModelError, decode, encode
from tests.unit.classifier.small import model

GOOD = encode(model())


def signed(content: bytes) -> bytes:
    """Return content under a right checksum: what somebody would store who knows the format."""
    return GOOD[:8] + sha256(content).digest() + content


def test_a_model_comes_back_as_it_was() -> None:
    """And judges the same."""
    again = decode(GOOD)
    assert encode(again) == GOOD
    assert again.guess("有垃圾无人清理") == model().guess("有垃圾无人清理")


DAMAGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "does not begin"),
    "another file": (lambda: b"PK\x03\x04" + GOOD, "does not begin"),
    "a pickle": (lambda: pickle.dumps(model().labels), "does not begin"),
    "cut off": (lambda: GOOD[:-1], "checksum"),
    "a bit turned": (lambda: GOOD[:-3] + bytes([GOOD[-3] ^ 1]) + GOOD[-2:], "checksum"),
    "too large": (lambda: GOOD + bytes(MAX_BYTES), "up to"),
    "no head": (lambda: signed((9_999_999).to_bytes(4, "little") + GOOD[44:]), "head is longer"),
    "another head": (lambda: signed(GOOD[40:44] + b"[" + GOOD[45:]), "head"),
    "rows missing": (lambda: signed(GOOD[40:-8]), "arrays"),
    "labels twice": (lambda: encode(model(labels=("E06010", "E06010"))), "different labels"),
    "no number": (lambda: encode(replace(model(), bias=np.array([np.nan, 0], np.float32))), "no numbers"),
    "no sharpness": (lambda: encode(model(sharpness=float("nan"))), "numbers that no model has"),
    "no order": (lambda: encode(replace(model(), keys=model().keys[::-1])), "order"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_no_model_is_refused_with_a_sentence(name: str) -> None:
    """Whatever it is: nothing of it is believed."""
    make, said = DAMAGE[name]
    with pytest.raises(BadModelError, match=said):
        decode(make())


def test_a_model_that_could_not_be_read_again_is_not_made() -> None:
    """The limit holds on both sides."""
    keys = np.arange(800_000, dtype=np.uint64)
    ones = np.ones(len(keys), np.float32)
    large = replace(model(), keys=keys, rarity=ones, weights=np.zeros((len(keys), 2), np.int16))
    with pytest.raises(BadModelError, match="up to"):
        encode(large)

"""A model small enough to be written by hand: two categories, four features."""

from __future__ import annotations

import numpy as np

from shared.classifier.features import read
from shared.classifier.model import Model, quantised

LABELS = ("E06010", "E06028")


def model(sharpness: float = 4.0, labels: tuple[str, str] = LABELS) -> Model:
    """Return a model that knows 垃圾 and 噪声, by the pair and by each character."""
    known = {key: column for column, word in enumerate(("垃圾", "噪声")) for key in read(word)[0] if not key >> 63}
    keys = np.array(sorted(known), np.uint64)
    columns = np.array([[1.0, -1.0] if known[key] == 0 else [-1.0, 1.0] for key in keys])
    weights, scale = quantised(columns)
    ones = np.ones(len(keys), np.float32)
    return Model(labels, keys, ones, weights, scale, np.zeros(2, np.float32), sharpness)

"""A trained model: one table of weights, a column for each category. Judging needs numpy and nothing else.

The same code runs in a service and where a model is measured. It knows no file and no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.classifier.features import Counts, Keys, read

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Guess:
    """A category and how sure one may be of it, 0 to 1."""

    category: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Model:
    """What training leaves: a row for each feature (`keys`, rising), a column for each of `labels`.

    `weights` are whole numbers in units of `scale`, one unit a column. `rarity` says how telling a feature is by
    itself (inverse document frequency). `sharpness` turns scores into probabilities; it was fitted on texts that the
    weights had not seen, so that a confidence of 0.9 is right nine times in ten.
    """

    labels: tuple[str, ...]
    keys: Keys
    rarity: NDArray[np.float32]
    weights: NDArray[np.int16]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: float

    def scores(self, text: str) -> Scores | None:
        """Return a score for each label, None for a text of which the model knows nothing."""
        return self.weigh(*read(text))

    def weigh(self, keys: Keys, counts: Counts) -> Scores | None:
        """Return the scores of a text that has been read."""
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[places] == keys
        places = places[known]
        if not len(places):
            return None
        values = (1 + np.log(counts[known])) * self.rarity[places]
        values /= np.sqrt(values @ values)
        scores: Scores = (values @ self.weights[places]) * self.scale + self.bias
        return scores

    def guess(self, text: str) -> Guess | None:
        """Return the likeliest category, None for a text of which the model knows nothing."""
        scores = self.scores(text)
        return None if scores is None else self.best(scores)

    def best(self, scores: Scores) -> Guess:
        """Return the likeliest category by the scores of a text."""
        first = int(scores.argmax())
        return Guess(self.labels[first], float(certainty(scores[np.newaxis], self.sharpness)[0, first]))


def certainty(scores: NDArray[Any], sharpness: float) -> NDArray[np.float64]:
    """Return scores, a row for each text, as probabilities."""
    raised = np.exp(sharpness * (scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
    shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return shares


def quantised(columns: NDArray[Any]) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Return weights as whole numbers of 16 bits and the unit of each column."""
    most = np.abs(columns).max(axis=0)
    scale = np.where(most > 0, most, 1.0) / np.iinfo(np.int16).max
    return np.round(columns / scale).astype(np.int16), scale.astype(np.float32)


def heaviest(columns: NDArray[Any], rows: int) -> NDArray[np.intp]:
    """Return the places, rising, of the so many rows that can move a score most."""
    pull = np.abs(columns).max(axis=1)
    if len(pull) <= rows:
        return np.arange(len(pull))
    return np.sort(np.argpartition(-pull, rows)[:rows])


def telling(model: Model, label: str, number: int) -> Sequence[int]:
    """Return the features that speak most for a label, the strongest first."""
    column = model.weights[:, model.labels.index(label)] * model.rarity
    return [int(model.keys[place]) for place in np.argsort(-column)[:number]]

"""From examples to a model: a linear support vector machine over the features of each text, and how sure it may be.

A hotline's labels are noisy and its classes uneven: the squared hinge bears the first, balanced weights the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from deploy.learning.examples import Example, groups
from shared.classifier.features import read
from shared.classifier.model import Model, certainty, heaviest, quantised

FEWEST = 5
"""Different texts of a category from which anything can be learnt."""

MOST_BYTES = 6 * 1024 * 1024
MOST_WEIGHTS = 30_000_000
"""Features times categories while learning, 8 bytes each: a centre with 300 categories would ask for gigabytes."""

FOLDS = 3
SEED = 20260701
_SEEN_TWICE = 2
_RARITY_POWER = 1.25
_UNFOCUSED = 0.3
_SMOOTHING = 0.2
_LOOSENESS = 2.0
_NEVER = -2.0
"""A score below any: the fold had no example of the category."""


class TooFewError(ValueError):
    """Nothing can be learnt from so few examples; the message says how many are needed."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model, the labels that had too few examples for it, and how often it was right on texts it had not seen."""

    model: Model
    left_out: dict[str, int]
    rows: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as numbers: a row a text, a column a feature (`keys`, rising)."""

    keys: NDArray[np.uint64]
    counts: csr_matrix

    @classmethod
    def of(cls, texts: Sequence[str], most: int) -> Table:
        """Read the texts; a feature that only one of them has teaches nothing, nor do the rarest beyond `most`."""
        found = [read(text) for text in texts]
        keys, columns = np.unique(np.concatenate([keys for keys, _ in found]), return_inverse=True)
        ends = np.cumsum([0, *(len(keys) for keys, _ in found)])
        counts = csr_matrix((np.concatenate([count for _, count in found]), columns, ends), (len(found), len(keys)))
        texts_with = np.bincount(columns, minlength=len(keys))
        commonest = np.sort(np.argsort(-texts_with, kind="stable")[:most])
        kept = commonest[texts_with[commonest] >= _SEEN_TWICE]
        return cls(keys[kept], counts[:, kept])

    def only(self, places: NDArray[np.intp]) -> Table:
        """Return the table with these columns."""
        return Table(self.keys[places], self.counts[:, places])

    def worth(self, truth: NDArray[np.intp], labels: int) -> NDArray[np.float32]:
        """Return how telling each feature is by itself: rare among texts, and at home in few categories."""
        texts = np.bincount(self.counts.indices, minlength=len(self.keys))
        rare = np.log((1 + self.counts.shape[0]) / (1 + texts)) + 1
        worth: NDArray[np.float32] = (rare**_RARITY_POWER * self._focus(truth, labels)).astype(np.float32)
        return worth

    def _focus(self, truth: NDArray[np.intp], labels: int) -> NDArray[np.float64]:
        """Return 1.3 for a feature of one category only, 0.3 for one that all have alike (balanced entropy)."""
        there = self.counts.copy()
        there.data = np.ones_like(there.data)
        member = csr_matrix((np.ones(len(truth)), (truth, np.arange(len(truth)))), (labels, len(truth)))
        sizes = np.bincount(truth, minlength=labels)[:, np.newaxis]
        shares = ((member @ there).toarray() + _SMOOTHING) / (sizes + 2 * _SMOOTHING)
        shares /= shares.sum(axis=0)
        focus: NDArray[np.float64] = _UNFOCUSED + 1 + (shares * np.log(shares)).sum(axis=0) / np.log(labels)
        return focus

    def weighted(self, worth: NDArray[np.float32]) -> Any:
        """Return the rows as `Model.weigh` sees a text."""
        damped = self.counts.copy()
        damped.data = 1 + np.log(damped.data)
        return normalize(damped @ diags(worth))


def learn(examples: Sequence[Example]) -> Learnt:
    """Learn from examples; categories with fewer than five different texts are left out.

    Raises:
        TooFewError: fewer than two categories are left.
    """
    together = groups([one.text for one in examples])
    sizes = Counter(label for label, _ in {(one.label, group) for one, group in zip(examples, together, strict=True)})
    left_out = {label: number for label, number in sizes.items() if number < FEWEST}
    used = [one for one in examples if one.label not in left_out]
    labels = tuple(sorted({one.label for one in used}))
    if len(labels) < _SEEN_TWICE:
        raise TooFewError(f"two categories with {FEWEST} different texts each are needed; there are {len(labels)}")
    texts = [one.text for one in used]
    truth = np.searchsorted(np.array(labels), [one.label for one in used])
    table = Table.of(texts, MOST_WEIGHTS // len(labels))
    unseen = _unseen(table, truth, groups(texts), len(labels))
    model = _model(table, truth, labels, _sharpness(unseen, truth))
    return Learnt(model, left_out, len(used), float((unseen.argmax(axis=1) == truth).mean()))


def _model(table: Table, truth: NDArray[np.intp], labels: tuple[str, ...], sharpness: float) -> Model:
    """Learn from everything; where that would be too large, again from the features that count most."""
    worth = table.worth(truth, len(labels))
    columns, bias = _fit(table.weighted(worth), truth, len(labels))
    kept = heaviest(columns * worth[:, np.newaxis], MOST_BYTES // (12 + 2 * len(labels)))
    if len(kept) < len(table.keys):
        table, worth = table.only(kept), worth[kept]
        columns, bias = _fit(table.weighted(worth), truth, len(labels))
    weights, scale = quantised(columns)
    return Model(labels, table.keys, worth, weights, scale, bias.astype(np.float32), sharpness)


def _fit(rows: Any, truth: NDArray[np.intp], labels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a column of weights and a bias for each label; of labels without an example the bias is out of reach."""
    machine = LinearSVC(C=_LOOSENESS, class_weight="balanced", random_state=SEED).fit(rows, truth)
    weights, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == _SEEN_TWICE:  # Of two it says only how much it is the second.
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    columns, biases = np.zeros((rows.shape[1], labels)), np.full(labels, _NEVER)
    columns[:, machine.classes_], biases[machine.classes_] = weights.T, bias
    return columns, biases


def _unseen(table: Table, truth: NDArray[np.intp], together: Sequence[int], labels: int) -> NDArray[Any]:
    """Return the scores of each text by a model that had seen neither it nor its duplicates."""
    scores = np.zeros((len(truth), labels))
    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for seen, rest in parts.split(scores, truth, together):
        part, other = Table(table.keys, table.counts[seen]), Table(table.keys, table.counts[rest])
        worth = part.worth(truth[seen], labels)
        columns, bias = _fit(part.weighted(worth), truth[seen], labels)
        scores[rest] = other.weighted(worth) @ columns + bias
    return scores


def _sharpness(scores: NDArray[Any], truth: NDArray[np.intp]) -> float:
    """Return the factor by which scores become the likeliest probabilities (temperature scaling).

    One text more than there are is taken to be wrong (Platt 1999): of few texts that were all told right nobody may
    conclude that nothing will ever be told wrong.
    """
    tried = np.geomspace(0.1, 100, 61)
    doubt = 1 / (len(truth) + 2)
    losses = [_loss(np.log(np.maximum(certainty(scores, one), 1e-12)), truth, doubt) for one in tried]
    return float(tried[int(np.argmin(losses))])


def _loss(logs: NDArray[Any], truth: NDArray[np.intp], doubt: float) -> float:
    return -float(((1 - doubt) * logs[np.arange(len(truth)), truth] + doubt * logs.mean(axis=1)).mean())

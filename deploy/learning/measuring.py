"""How good a classifier is: figures from pairs of what was true and what was guessed, on texts it had not seen."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

from deploy.learning.examples import Example, groups
from deploy.learning.training import SEED, TooFewError, learn
from shared.classifier.format import decode, encode
from shared.classifier.model import Guess

NOTHING = "-"
"""What was guessed where nothing could be."""

COVERAGES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)

Judge = Callable[[str], Guess | None]


@dataclass(slots=True)
class Judged:
    """Texts one by one: the truth, the guess, how sure it was, and the processor's time it took."""

    truth: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def ask(self, judge: Judge, rows: Sequence[Example]) -> None:
        """Let a judge guess each text."""
        for row in rows:
            begun = time.thread_time()
            guess = judge(row.text)
            self.seconds.append(time.thread_time() - begun)
            self.truth.append(row.label)
            self.guesses.append(guess.category if guess else NOTHING)
            self.confidences.append(guess.confidence if guess else 0.0)


def cross_validate(rows: Sequence[Example], folds: int) -> tuple[Judged, list[int]]:
    """Learn from all folds but one and judge that one, each in turn; return what came of it and the models' sizes.

    The judge is what a service would hold: the model as it comes back from its stored bytes. Texts that are one
    complaint sent again are always in the same fold.

    Raises:
        TooFewError: nothing can be learnt from so few.
    """
    judged, sizes = Judged(), []
    for seen, rest in _parts(rows, folds):
        stored = encode(learn([rows[at] for at in seen]).model)
        sizes.append(len(stored))
        judged.ask(decode(stored).guess, [rows[at] for at in rest])
    return judged, sizes


def _parts(rows: Sequence[Example], folds: int) -> Iterator[tuple[Any, Any]]:
    labels = [row.label for row in rows]
    together = groups([row.text for row in rows])
    if len(set(together)) < folds:
        raise TooFewError(f"{folds} folds need as many different texts; there are {len(set(together))}")
    if max(Counter(labels).values()) < folds:
        raise TooFewError(f"{folds} folds need a label with as many texts; the largest has fewer")
    parts = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        # A label with fewer texts than folds is missing from some of them; its recall says so.
        warnings.simplefilter("ignore", UserWarning)
        yield from parts.split(np.zeros(len(rows)), np.array(labels), together)


def figures(judged: Judged, threshold: float) -> dict[str, Any]:
    """Return every figure of what was judged."""
    labels = sorted(set(judged.truth))
    right = np.array([one == two for one, two in zip(judged.truth, judged.guesses, strict=True)])
    surest = np.argsort(-np.array(judged.confidences), kind="stable")
    covered = np.array(judged.confidences) >= threshold
    classes = _classes(judged, labels)
    curve = [_point(judged, right[surest], surest, share) for share in COVERAGES]
    return {
        "rows": len(right),
        "accuracy": float(right.mean()),
        "macro_f1": float(np.mean([one["f1"] for one in classes])),
        "threshold": threshold,
        "coverage": float(covered.mean()),
        "accuracy_covered": float(right[covered].mean()) if covered.any() else None,
        "accuracy_at_90": next(one["accuracy"] for one in curve if one["coverage"] == 0.9),  # noqa: PLR2004 - its name
        "curve": curve,
        "classes": classes,
        "confusion": _confusion(judged, labels),
        "milliseconds": _milliseconds(judged.seconds),
    }


def _classes(judged: Judged, labels: Sequence[str]) -> list[dict[str, Any]]:
    columns = precision_recall_fscore_support(judged.truth, judged.guesses, labels=labels, zero_division=0)
    names = ("label", "precision", "recall", "f1", "support")
    return [
        dict(zip(names, (label, float(p), float(r), float(f), int(n)), strict=True))
        for label, p, r, f, n in zip(labels, *columns, strict=True)
    ]


def _point(judged: Judged, right: Any, surest: Any, share: float) -> dict[str, float]:
    """Return how often the surest share of guesses is right, and the confidence down to which it reaches."""
    number = max(1, round(share * len(right)))
    least = judged.confidences[surest[number - 1]]
    return {"coverage": share, "accuracy": float(right[:number].mean()), "threshold": float(least)}


def _confusion(judged: Judged, labels: Sequence[str]) -> dict[str, Any]:
    guessed = [*labels, *sorted(set(judged.guesses) - set(labels))]
    counts = Counter(zip(judged.truth, judged.guesses, strict=True))
    return {"truth": list(labels), "guessed": guessed, "rows": [[counts[a, b] for b in guessed] for a in labels]}


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    taken = np.array(seconds) * 1000
    return {"mean": float(taken.mean()), "p50": float(np.median(taken)), "p99": float(np.percentile(taken, 99))}

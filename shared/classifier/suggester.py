"""What a district's texts are judged by: its trained model, and the words of its code tables. Pure.

The one place where the two meet: a service and `gridwhistle classifier` ask the same question here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shared.classifier.model import Guess, Model
from shared.classifier.words import WordBook
from shared.contracts.incidents import Suggestion
from shared.district.lookup import DirectoryIndex


@dataclass(frozen=True, slots=True)
class Trained:
    """A model under the version it was stored as."""

    version: int
    model: Model


@dataclass(frozen=True)
class Suggester:
    """One version of a district's profile, and its model if it has one."""

    index: DirectoryIndex
    trained: Trained | None = None

    @cached_property
    def words(self) -> WordBook:
        """The words of the code tables, indexed when the first text asks for them (5 ms)."""
        return WordBook(self.index.profile.categories)

    @property
    def threshold(self) -> float:
        """The confidence from which a suggestion opens a case."""
        return self.index.profile.classifier.threshold

    def suggest(self, text: str) -> Suggestion | None:
        """Return the category that a text suggests: the model's where it is sure, else the words' where they are.

        Where neither is sure a human is shown the model's word, for it knows how this centre classifies. None where
        nothing points anywhere, or the district wants no suggestions.
        """
        if not self.index.profile.classifier.enabled:
            return None
        learnt = self._learnt(text)
        if learnt is not None and learnt.confidence >= self.threshold:
            return learnt
        named = self._said(self.words.guess(text), f"words@{self.index.profile.version}")
        if learnt is None or (named is not None and named.confidence >= self.threshold):
            return named
        return learnt

    def _learnt(self, text: str) -> Suggestion | None:
        """Return the model's guess; a category that the profile no longer has is none."""
        if self.trained is None:
            return None
        guess = self.trained.model.guess(text)
        if guess is None or self.index.categories.get(guess.category) is None:
            return None
        return self._said(guess, f"model@{self.trained.version}")

    @staticmethod
    def _said(guess: Guess | None, source: str) -> Suggestion | None:
        if guess is None:
            return None
        return Suggestion(category=guess.category, confidence=round(guess.confidence, 4), source=source)

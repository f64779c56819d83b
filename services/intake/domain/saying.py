"""When two reports without a position are one matter: same category, a place named by both, and said again in words.

The place in words stands in for the circle on the map. A name is an index key (of district, category and name), so that
only reports which share one are ever compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise

from services.intake.domain.naming import names
from services.intake.domain.nearness import Match
from shared.district.policies import InWords

HEAD = 20
"""Letters of a text in which a writer says what it is about; with more, fewer real repetitions are found."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A report as far as its words go; `keys` are the places it names, `sketch` is the beginning of its text."""

    case_id: str
    district: str
    category: str
    keys: tuple[int, ...]
    at: datetime
    sketch: str


def name_keys(district: str, category: str, said: str) -> tuple[int, ...]:
    """Return the index keys of the places that words name."""
    return tuple(_key(f"{district}|{category}|{name}") for name in names(said))


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"words").digest(), signed=True)


def said_again(one: str, other: str) -> float:
    """Return how much of what one text begins with the other says too, 0 to 1, whichever way round it is more.

    The share of pairs of neighbouring characters. Who complains again leaves out and adds: texts as wholes are less
    alike than one's head is to the other's body.
    """
    return max(_share(one, other), _share(other, one))


def _share(head: str, body: str) -> float:
    begun, whole = _pairs(_letters(head)[:HEAD]), _pairs(_letters(body))
    return len(begun & whole) / min(len(begun), len(whole)) if begun and whole else 0.0


def _letters(text: str) -> str:
    return "".join(one for one in text if one.isalnum())


def _pairs(letters: str) -> set[str]:
    return {first + second for first, second in pairwise(letters)}


def match_words(report: Saying, other: Saying, policy: InWords) -> Match | None:
    """Return how the report says again what another said, or None when it does not."""
    if (report.category, report.district) != (other.category, other.district):
        return None
    if abs(report.at - other.at) > policy.window or not set(report.keys) & set(other.keys):
        return None
    alike = said_again(report.sketch, other.sketch)
    return Match(other.case_id, None, round(alike, 3)) if alike >= policy.similarity else None


def best_words(report: Saying, others: Iterable[Saying], policy: InWords) -> Match | None:
    """Return the likest of all matches, of equals the one with the smallest case id."""
    found = (match_words(report, other, policy) for other in others)
    return min((one for one in found if one is not None), key=_rank, default=None)


def _rank(one: Match) -> tuple[float, str]:
    return -(one.similarity or 0.0), one.case_id

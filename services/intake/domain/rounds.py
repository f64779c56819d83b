"""Reports of one batch that may be one matter are decided one after the other: the first of them, then the rest.

A report is merged only into a case that is saved and told. If two of one batch were decided together, the first could
still turn out to be merged elsewhere, or be somebody else's duplicate, and the second would point at a case that never
was. So a round decides reports no two of which match; those that wait find the first ones in the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.domain.model import Draft
from services.intake.domain.nearness import Match, Sighting, best_match, cells_around, match, own_cell
from services.intake.domain.saying import Saying, best_words, match_words
from shared.district.policies import NearDuplicates

Seen = Sighting | Saying
"""A report as others are compared with it: by the map, or by its words where it has no position."""

MAX_ROUNDS = 8
"""After so many, what still waits is decided at once: a report then opens a case of its own, and no more is lost."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reports of one aggregate, in order; the first of them speaks for all. `sighting` None matches nothing.

    `cells` are the keys under which a match may be found: of the map, or of places named in words.
    """

    aggregate: str
    sighting: Seen | None
    policy: NearDuplicates
    cells: tuple[int, ...] = ()

    @classmethod
    def of(cls, draft: Draft) -> Waiting:
        """Return a draft as it waits."""
        policy, sighting = draft.origin.index.profile.near_duplicates, draft.sighting()
        if isinstance(sighting, Saying):
            return cls(draft.aggregate, sighting, policy, sighting.keys)
        cells = tuple(cells_around(sighting, policy.radius_m)) if sighting else ()
        return cls(draft.aggregate, sighting, policy, cells)


def split(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Return those that can be decided together, and those that match one of them and have to wait."""
    first: list[Waiting] = []
    later: list[Waiting] = []
    seen: dict[int, list[Seen]] = {}
    for one in waiting:
        if one.sighting and any(_meets(one.sighting, other, one.policy) for other in _around(one, seen)):
            later.append(one)
            continue
        first.append(one)
        if one.sighting:
            for key in _lies_in(one):
                seen.setdefault(key, []).append(one.sighting)
    return first, later


def _lies_in(one: Waiting) -> Sequence[int]:
    if isinstance(one.sighting, Sighting):
        return (own_cell(one.sighting, one.policy.radius_m),)
    return one.cells


def _meets(one: Seen, other: Seen, policy: NearDuplicates) -> bool:
    if isinstance(one, Saying):
        return isinstance(other, Saying) and match_words(one, other, policy.in_words) is not None
    return isinstance(other, Sighting) and match(one, other, policy) is not None


def find_match(one: Waiting, known: Mapping[int, Sequence[Seen]]) -> Match | None:
    """Return the best match among the known reports, which are given by key; a report is no match of itself."""
    mine = one.sighting
    if mine is None:
        return None
    others = [other for other in _around(one, known) if other.case_id != mine.case_id]
    if isinstance(mine, Saying):
        return best_words(mine, (other for other in others if isinstance(other, Saying)), one.policy.in_words)
    return best_match(mine, (other for other in others if isinstance(other, Sighting)), one.policy)


def _around(one: Waiting, known: Mapping[int, Sequence[Seen]]) -> Iterator[Seen]:
    return (other for cell in one.cells for other in known.get(cell, ()))

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
from shared.district.policies import NearDuplicates

MAX_ROUNDS = 8
"""After so many, what still waits is decided at once: a report then opens a case of its own, and no more is lost."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reports of one aggregate, in order; the first of them speaks for all. `sighting` None matches nothing."""

    aggregate: str
    sighting: Sighting | None
    policy: NearDuplicates
    cells: tuple[int, ...] = ()

    @classmethod
    def of(cls, draft: Draft) -> Waiting:
        """Return a draft as it waits; `cells` are those in which a match may be."""
        policy, sighting = draft.origin.index.profile.near_duplicates, draft.sighting()
        cells = tuple(cells_around(sighting, policy.radius_m)) if sighting else ()
        return cls(draft.aggregate, sighting, policy, cells)


def split(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Return those that can be decided together, and those that match one of them and have to wait."""
    first: list[Waiting] = []
    later: list[Waiting] = []
    seen: dict[int, list[Sighting]] = {}
    for one in waiting:
        if one.sighting and any(match(one.sighting, other, one.policy) for other in _around(one, seen)):
            later.append(one)
            continue
        first.append(one)
        if one.sighting:
            seen.setdefault(own_cell(one.sighting, one.policy.radius_m), []).append(one.sighting)
    return first, later


def find_match(one: Waiting, known: Mapping[int, Sequence[Sighting]]) -> Match | None:
    """Return the best match among the known reports, which are given by cell; a report is no match of itself."""
    if one.sighting is None:
        return None
    own = one.sighting.case_id
    return best_match(one.sighting, (other for other in _around(one, known) if other.case_id != own), one.policy)


def _around(one: Waiting, known: Mapping[int, Sequence[Sighting]]) -> Iterator[Sighting]:
    return (other for cell in one.cells for other in known.get(cell, ()))

"""Where a report is: given grid code, else polygon, else the community or township that address or text names."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts.incidents import Precision
from shared.district.lookup import Asked, DirectoryIndex, Place

TEXT_LOOKED_AT = 200
"""Characters of the text in which a place is looked for when the address names none: it is said first, if at all."""


def find_places(index: DirectoryIndex, asked: Sequence[Asked], texts: Sequence[str]) -> list[Place]:
    """Return the place of each report of one district; points are looked up together, as one costs as much as many."""
    places = index.locate_all(asked)
    return [
        _by_text(index, text) if place.precision is Precision.DISTRICT and text else place
        for place, text in zip(places, texts, strict=True)
    ]


def _by_text(index: DirectoryIndex, text: str) -> Place:
    named = index.by_address(text[:TEXT_LOOKED_AT])
    if named.community:
        return Place(Precision.COMMUNITY, None, named.community, named.township)
    if named.township:
        return Place(Precision.TOWNSHIP, None, None, named.township)
    return Place(Precision.DISTRICT)

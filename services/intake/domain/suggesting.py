"""The category of a report whose partner named none that we know: by its text, or a human's in triage."""

from __future__ import annotations

from services.intake.domain.model import Origin
from shared.contracts.incidents import Suggestion


def suggested_category(claim: str, text: str, origin: Origin) -> tuple[str | None, str | None, Suggestion | None]:
    """Return the category that is sure enough to open a case, what the partner called it, and what the text suggests.

    A partner that named a category nobody knows meant something: its report goes to a human whatever the text says,
    with the partner's word read as the title.
    """
    said = origin.suggester.suggest(f"{claim}\n{text}" if claim else text) if origin.suggester else None
    sure = said is not None and not claim and origin.suggester is not None
    if said is not None and sure and said.confidence >= origin.index.profile.classifier.threshold:
        return said.category, None, said
    return None, claim or None, said

"""What a human said a report is about (分拣答案), kept so that the district's classifier can learn from it.

The router keeps it, for it alone knows that the answer held; the text is masked since it left intake.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from services.router.domain.change import View
from services.router.domain.model import Case, Waiting
from shared.contracts.cases import CaseOpened
from shared.contracts.commands import ClassifyCase
from shared.decision import Companion

COLLECTION = "answers"


class Verdict(StrEnum):
    """How a human's answer stands to what the text suggested."""

    AGREED = "agreed"
    CORRECTED = "corrected"
    UNAIDED = "unaided"


def answer(case: Case, waiting: Waiting, category: str, command: ClassifyCase, view: View) -> tuple[Companion, ...]:
    """Return the answer as it is kept, once a case; nothing is learnt from a report without a text."""
    if not waiting.text:
        return ()
    kept = timedelta(days=view.index.profile.retention.answers_days)
    document = {
        "_id": case.case_id,
        "district": case.district,
        "text": waiting.text,
        "category": category,
        "suggested": waiting.suggested and waiting.suggested.model_dump(),
        "answered_at": command.recorded_at,
        "expires_at": command.recorded_at + kept,
    }
    return (Companion(COLLECTION, document),)


def verdict(opened: CaseOpened) -> Verdict:
    """Return how the category of a case that a human classified stands to the suggestion."""
    if opened.suggested is None:
        return Verdict.UNAIDED
    return Verdict.AGREED if opened.suggested.category == opened.category else Verdict.CORRECTED

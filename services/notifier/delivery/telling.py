"""What log lines and traces say of a message: which notices it is made of and which cases they are about."""

from __future__ import annotations

from collections.abc import Sequence

from services.notifier.delivery.page import Page
from services.notifier.domain.notice import NoticeState
from services.notifier.domain.outcome import Failed, Outcome
from shared.infra.clock import epoch_ns
from shared.infra.tracing import Tracing


def ids_of(notices: Sequence[NoticeState]) -> dict[str, str]:
    """Return the ids that a log line about some notices of one recipient carries; of several, one behind the other."""
    return {
        "case_id": " ".join(dict.fromkeys(one.case_id for one in notices)),
        "notice_id": " ".join(one.id for one in notices),
        "district": notices[0].district,
    }


def tell(
    tracing: Tracing, channel: str, notices: Sequence[NoticeState], page: Page, outcome: Outcome, begin: int
) -> None:
    """Tell each notice's own trace that its channel was asked to take it."""
    word = outcome.reason if isinstance(outcome, Failed) else type(outcome).__name__.lower()
    times = (begin, epoch_ns())
    for one in notices:
        slot = page.claims[one.id].slots.get(one.id)
        tracing.delivered(channel, one.id, slot.trace if slot else None, one.attempts + 1, times, word)

"""What agreements give to tell: that a promise falls due or was broken, and that somebody objects to being listed.

The parties are told by whoever mediates: the system knows their names of the file, and no way to reach them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.contracts.agreements import AgreementBreached, DefaulterRecorded, Standing
from shared.contracts.base import Event
from shared.contracts.escalations import ClockKind

PROMISED = frozenset({ClockKind.OBLIGATION})
"""Clocks whose breach is told by `agreement.breached`, and whose warnings remind of an agreed day."""


def short(id_: str) -> str:
    """Return the part of an id that is new within its case: `obligation#3`."""
    return id_.rpartition("/")[2]


def _stamp(instant: datetime) -> str:
    return f"{instant:%y%m%d%H%M%S}"


def _broken(draft: Any) -> tuple[Any, ...]:
    event: AgreementBreached = draft.event
    facts = {"party": event.party, "duty": event.what.value, "route": event.route.value}
    if event.outstanding is not None:
        facts["amount"] = f"{event.outstanding:,.2f}"
    step = f"agreement_breached:{short(event.obligation_id)}:{_stamp(event.occurred_at)}"
    return (draft.telling(step, "agreement_breached", facts),)


def _defaulter(draft: Any) -> tuple[Any, ...]:
    event: DefaulterRecorded = draft.event
    if event.standing is not Standing.APPEALED:
        return ()
    facts = {"party": event.party, "limit": event.decide_within}
    step = f"defaulter_appeal:{event.party}:{_stamp(event.occurred_at)}"
    return (draft.telling(step, "defaulter_appeal", facts, moot=True),)


STEPS: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {
    AgreementBreached: _broken,
    DefaulterRecorded: _defaulter,
}

"""What mediation gives to tell: that a dispute came to a mediator, and how far a batch of households is.

A mediator is told through the department for which it speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifier.domain.promise_steps import short
from shared.contracts.base import Event
from shared.contracts.disputes import BatchProgressed, MediatorAssigned, TierEntered


def _entered(draft: Any) -> tuple[Any, ...]:
    """Tell everybody who mediates; the reporter hears once that somebody has the matter."""
    event: TierEntered = draft.event
    about = tuple(dict.fromkeys((event.owner, *event.members, *filter(None, [event.co_mediator]))))
    facts = {"tier": event.tier.value, "mediator": event.mediator, "limit": event.limit}
    officials = draft.telling(f"tier:{short(event.tier_id)}", "tier_entered", facts, about=about, moot=True)
    public = draft.telling("assigned", "assigned", about=(draft.view.lead or "",), public=True, moot=True)
    return (officials, public)


def _assigned(draft: Any) -> tuple[Any, ...]:
    event: MediatorAssigned = draft.event
    facts = {"tier": event.tier.value, "mediator": event.mediator}
    step = f"mediator:{short(event.tier_id)}:{event.mediator}"
    return (draft.telling(step, "tier_entered", facts, about=(event.owner,), moot=True),)


def _progressed(draft: Any) -> tuple[Any, ...]:
    event: BatchProgressed = draft.event
    facts = {"files": event.files, "agreed": event.agreed, "fulfilled": event.fulfilled, "expected": event.expected}
    return (draft.telling(f"batch:{event.counted_at:%y%m%d%H%M%S}", "batch_progressed", facts, moot=True),)


STEPS: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {
    TierEntered: _entered,
    MediatorAssigned: _assigned,
    BatchProgressed: _progressed,
}

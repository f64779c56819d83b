"""The ladder of escalation: from the first breach among the live clocks, rung by rung, and never down in an episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.clocks import OUTLIVING, PARTIES
from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Clock
from shared.contracts.escalations import CaseEscalated, ClockKind
from shared.district.policies import Rung

_NEVER_WHISTLED = OUTLIVING | {ClockKind.REPLY}
"""Nobody is called to the place for a letter or a promise that is late."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next rung, when it is due, and the breached clock that drives it."""

    at: datetime
    rung: Rung
    clock: Clock


def next_step(draft: Draft) -> Step | None:
    """Return the next rung above the level the case is on, or None when no live clock is breached or none is left.

    What parties let pass climbs no ladder; for a visit or a decision on an appeal nobody is whistled to the place.
    """
    late = [clock for clock in draft.live() if clock.breached_at is not None and clock.kind not in PARTIES]
    breached = [(clock.breached_at, clock.key) for clock in late if clock.breached_at is not None]
    rung = _above(draft, draft.case.level) if breached else None
    if rung is None or (rung.action == "whistle" and all(clock.kind in _NEVER_WHISTLED for clock in late)):
        return None
    since, key = min(breached)
    at = since if rung.after is None else draft.calendar.due(since, rung.after)
    return Step(at, rung, draft.clocks[key])


def _above(draft: Draft, level: int) -> Rung | None:
    return next((rung for rung in draft.profile.escalation.ladder if rung.level > level), None)


def climb(draft: Draft, step: Step) -> None:
    """Raise the case to the rung."""
    clock = step.clock
    reason = f"{clock.kind}_breached"
    _raise(draft, step.rung, step.at, reason, clock.owner, draft.clock_id(clock))


def rise(draft: Draft, at: datetime, reason: str) -> None:
    """Raise the case by one rung for another reason than a breach; on the top rung it stays."""
    rung = _above(draft, draft.case.level)
    if rung is not None:
        _raise(draft, rung, at, reason, draft.case.lead or draft.centre, None)


def _raise(draft: Draft, rung: Rung, at: datetime, reason: str, owner: str, clock_id: str | None) -> None:
    draft.change(level=rung.level)
    draft.say(CaseEscalated, at, level=rung.level, reason=reason, owner=owner, clock_id=clock_id)

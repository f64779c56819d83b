"""Time passes: everything that is due up to an instant happens, in the order of its own instants.

That is why the outcome does not depend on when a sweep ran: advancing to noon in one step or in a hundred fires the
same timers at the same instants in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from services.escalation.domain.advising import lapse, lapses_at
from services.escalation.domain.clocks import breach, let_grace_begin, warn
from services.escalation.domain.draft import Draft
from services.escalation.domain.holds import resume
from services.escalation.domain.ladder import Step, climb, next_step
from services.escalation.domain.model import Clock
from services.escalation.domain.muster import answer_due, call_the_roll, muster_due, note_silence
from services.escalation.domain.whistle import blow, call_by_ladder

LOOK_AGAIN = timedelta(days=1)
"""An open case with nothing left to happen (every rung climbed, every round blown) is looked at when it is a day old,
and whenever its age has doubled: no open case is ever without a due instant, so the audit can tell a forgotten case
from a quiet one, and cases that stay open for years cost nothing."""

_CLOCK, _RUNG, _ANSWER, _MUSTER, _LAPSE = range(5)
"""Who goes first at the same instant."""


class Timer(NamedTuple):
    """Something that will happen by itself. `fire` makes it happen and says, in one closed word, what it was.

    A tuple, for one is made of every clock whenever a case is looked at. No two have the same instant, order and key.
    """

    at: datetime
    order: int
    key: str
    fire: Callable[[], str]


def advance(draft: Draft, until: datetime) -> str | None:
    """Let everything happen that is due; return the word for the last of it."""
    word = None
    while (timer := earliest(draft)) is not None and timer.at <= until:
        word = timer.fire()
    return word


def earliest(draft: Draft) -> Timer | None:
    """Return what happens next."""
    return min(_pending(draft), key=itemgetter(0, 1, 2), default=None)


def next_instant(draft: Draft, after: datetime) -> datetime | None:
    """Return when something happens next; an open case always has such an instant."""
    timer = earliest(draft)
    if timer is not None:
        return timer.at
    if draft.case.phase.ended:
        return None
    age = LOOK_AGAIN
    while draft.case.began_at + age <= after:
        age *= 2
    return draft.case.began_at + age


def _pending(draft: Draft) -> Iterator[Timer]:
    for clock in draft.live():
        if clock.next_at is not None:
            yield _of_clock(draft, clock, clock.next_at)
    step = next_step(draft)
    if step is not None:
        yield _of_ladder(draft, step)
    yield from _of_team(draft)
    lapse_at = lapses_at(draft)
    if lapse_at is not None:
        yield Timer(lapse_at, _LAPSE, "advice", lambda: lapse(draft, lapse_at))


def _of_clock(draft: Draft, clock: Clock, at: datetime) -> Timer:
    def fire() -> str:
        if clock.hold is not None:
            resume(draft, clock, at)
            return "resumed"
        if at < clock.due_at:
            warn(draft, clock, at)
            return "warned"
        if clock.grace is not None:
            let_grace_begin(draft, clock, at)
            return "grace_began"
        breach(draft, clock, at)
        return "breached"

    return Timer(at, _CLOCK, clock.key, fire)


def _of_ladder(draft: Draft, step: Step) -> Timer:
    def fire() -> str:
        climb(draft, step)
        if step.rung.action == "whistle":
            blow(draft, call_by_ladder(draft, step.at, step.clock.owner))
            return "escalated_and_whistled"
        return "escalated"

    return Timer(step.at, _RUNG, step.clock.key, fire)


def _of_team(draft: Draft) -> Iterator[Timer]:
    team = draft.case.team
    if team is None:
        return

    def silence() -> str:
        note_silence(draft, team)
        return "silence_noted"

    answer_by, muster_by = answer_due(team), muster_due(team)
    if answer_by is not None:
        yield Timer(answer_by, _ANSWER, "team", silence)
    if muster_by is not None:
        yield Timer(muster_by, _MUSTER, "team", lambda: call_the_roll(draft, team, muster_by))

"""The life of one clock: it starts, warns, breaches, stops with a verdict; each step is a line of its ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Clock, Entry, What
from shared.contracts.base import to_millisecond
from shared.contracts.escalations import (
    ClockBreached,
    ClockBreachWithdrawn,
    ClockKind,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    Verdict,
)
from shared.contracts.limits import Limit, LimitUnit
from shared.district.calendar import WorkingCalendar

WORKING = frozenset({LimitUnit.WORKING_MINUTES, LimitUnit.WORKING_HOURS, LimitUnit.WORKING_DAYS})
OUTLIVING = frozenset({ClockKind.OBLIGATION, ClockKind.FOLLOW_UP, ClockKind.CONFIRM, ClockKind.APPEAL})
"""Clocks of agreements: they go on when the departments' work is done, or begins again."""

PARTIES = frozenset({ClockKind.OBLIGATION, ClockKind.CONFIRM})
"""Clocks of what the parties have to do; letting them pass is no department's delay."""

PROMISED = frozenset({ClockKind.OBLIGATION, ClockKind.FOLLOW_UP})
"""Clocks of what was promised in an agreement: due on an agreed day, reminded of so long before."""

GRACE = "grace"
"""Who gives the time after an agreed day: the profile."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A clock to be started. Exactly one of `limit` and `due_at` says when it ends; a reopened case's has both."""

    key: str
    kind: ClockKind
    owner: str
    started_at: datetime
    limit: Limit | None = None
    due_at: datetime | None = None
    task: str = ""
    stage: str = ""
    live_from: datetime | None = None
    remind_at: datetime | None = None
    grace: Limit | None = None


def start(draft: Draft, wanted: Wanted) -> None:
    """Start a clock. One of the same kind and owner that still runs ends void: there is never more than one."""
    for twin in draft.live(wanted.kind):
        if (twin.owner, twin.stage) == (wanted.owner, wanted.stage):
            stop(draft, twin, wanted.started_at, Verdict.VOID)
    clock = _made(draft, wanted)
    draft.clocks[clock.key] = armed(draft, clock)
    told = {"started_at": wanted.started_at, "limit": wanted.limit, "calendar": clock.start.calendar}
    draft.say_of(clock, ClockStarted, wanted.live_from or wanted.started_at, **told)


def _made(draft: Draft, wanted: Wanted) -> Clock:
    due = wanted.due_at
    if due is None:
        due = _due(draft.calendar, wanted)
    version = draft.calendar.version_for(wanted.started_at, max(due, wanted.started_at))
    first = Entry(
        what=What.STARTED, at=wanted.started_at, due=due, limit=wanted.limit, calendar=version, by=wanted.owner
    )
    clock = Clock(
        key=wanted.key,
        kind=wanted.kind,
        owner=wanted.owner,
        task=wanted.task,
        stage=wanted.stage,
        due_at=due,
        live_from=wanted.live_from,
        remind_at=wanted.remind_at,
        grace=wanted.grace,
        ledger=(first,),
    )
    missed = _missed(draft, clock)
    return clock.model_copy(update={"warned": missed}) if missed else clock


def _due(calendar: WorkingCalendar, wanted: Wanted) -> datetime:
    if wanted.limit is None:
        raise ValueError(f"clock {wanted.key} has neither a limit nor a due instant")
    return calendar.due(wanted.started_at, wanted.limit)


def _missed(draft: Draft, clock: Clock) -> int:
    """Return how many warnings lie before the clock began to live: they were given long ago, or never made sense."""
    fractions = fractions_of(clock, draft.profile.escalation.warn_fractions)
    if clock.due_at <= floor(clock):
        return len(fractions)
    if clock.live_from is None:
        return 0
    return sum(warn_at(draft.calendar, clock, fraction) <= clock.live_from for fraction in fractions)


def fractions_of(clock: Clock, usual: tuple[float, ...]) -> tuple[float, ...]:
    """Return at which fractions of its limit a clock warns; what parties promised is reminded of by the calendar."""
    if clock.kind not in PROMISED:
        return usual
    if clock.remind_at is None:
        return ()
    return (round((clock.remind_at - clock.start.at) / (clock.original_due_at - clock.start.at), 4),)


def floor(clock: Clock) -> datetime:
    """Return the instant before which the clock does nothing."""
    return clock.live_from or clock.start.at


def unit(clock: Clock) -> LimitUnit:
    """Return the unit the clock is measured in; one with a due instant of its own runs on clock time."""
    return clock.start.limit.unit if clock.start.limit else LimitUnit.CLOCK_MINUTES


def elapsed(calendar: WorkingCalendar, begin: datetime, end: datetime, measure: LimitUnit) -> timedelta:
    """Return the time between two instants as the unit counts it."""
    return calendar.working_time(begin, end) if measure in WORKING else end - begin


def warn_at(calendar: WorkingCalendar, clock: Clock, fraction: float) -> datetime:
    """Return when that fraction of the whole limit has been used; what ran before a hold counts."""
    if clock.remind_at is not None:
        return clock.remind_at
    since, share = clock.since or clock.start.at, fraction
    if clock.used_ms:
        used = clock.used_ms * _MILLISECOND
        ahead = elapsed(calendar, since, clock.due_at, unit(clock))
        share = max(0.0, (fraction * (used + ahead) - used) / ahead) if ahead else 1.0
    return to_millisecond(calendar.between(since, clock.due_at, unit(clock), share))


def armed(draft: Draft, clock: Clock) -> Clock:
    """Return the clock with the instant at which it next does something."""
    return clock.model_copy(update={"next_at": _next_at(draft, clock)})


def _next_at(draft: Draft, clock: Clock) -> datetime | None:
    if clock.hold is not None:
        return clock.hold.until
    if not clock.live or clock.breached_at is not None:
        return None
    fractions = fractions_of(clock, draft.profile.escalation.warn_fractions)
    instant = clock.due_at
    if clock.warned < len(fractions):
        instant = min(instant, warn_at(draft.calendar, clock, fractions[clock.warned]))
    return max(instant, floor(clock))


def warn(draft: Draft, clock: Clock, at: datetime) -> None:
    """Say that the next fraction of the limit has been used."""
    fraction = fractions_of(clock, draft.profile.escalation.warn_fractions)[clock.warned]
    draft.say_of(clock, ClockWarned, at, fraction=fraction)
    entry = Entry(what=What.WARNED, at=at, fraction=fraction)
    warned = clock.model_copy(update={"warned": clock.warned + 1, "ledger": (*clock.ledger, entry)})
    draft.clocks[clock.key] = armed(draft, warned)


def let_grace_begin(draft: Draft, clock: Clock, at: datetime) -> None:
    """Say that the agreed day has passed, and give the time after which the promise counts as broken."""
    if clock.grace is None:
        raise ValueError(f"clock {clock.key} has no grace")
    due = draft.calendar.extend(clock.due_at, clock.grace)
    entry = Entry(what=What.EXTENDED, at=at, due=due, limit=clock.grace, by=GRACE)
    longer = clock.model_copy(update={"due_at": due, "grace": None, "ledger": (*clock.ledger, entry)})
    draft.say_of(longer, ClockWarned, at, fraction=1.0)
    draft.clocks[clock.key] = armed(draft, longer)


def breach(draft: Draft, clock: Clock, at: datetime) -> Clock:
    """Say that the limit has passed."""
    late_by = max(0.0, (draft.now - clock.due_at).total_seconds())
    draft.say_of(clock, ClockBreached, at, late_by=late_by)
    ledger = (*clock.ledger, Entry(what=What.BREACHED, at=at))
    breached = clock.model_copy(update={"breached_at": at, "next_at": None, "ledger": ledger})
    draft.clocks[clock.key] = breached
    return breached


def withdraw(draft: Draft, clock: Clock, at: datetime) -> Clock:
    """Say that the breach does not count: the thing happened in time, or the due instant turned out to lie later."""
    draft.say_of(clock, ClockBreachWithdrawn, at)
    ledger = (*clock.ledger, Entry(what=What.WITHDRAWN, at=at))
    return clock.model_copy(update={"breached_at": None, "ledger": ledger})


def stop(draft: Draft, clock: Clock, at: datetime, verdict: Verdict | None = None) -> None:
    """End a clock with the verdict by when the thing happened, or with a given one."""
    if verdict is None:
        clock = _running(draft, clock, at)
        verdict = judged(at, clock.due_at)
    if verdict is Verdict.LATE and clock.breached_at is None:
        clock = breach(draft, clock, max(clock.due_at, floor(clock)))
    if verdict is Verdict.ON_TIME and clock.breached_at is not None:
        clock = withdraw(draft, clock, at)
    draft.say_of(
        clock,
        ClockStopped,
        at,
        verdict=verdict,
        original_due_at=clock.original_due_at,
        original_verdict=judged(at, clock.original_due_at) if verdict is Verdict.ON_TIME else verdict,
        late_by=max(0.0, (at - clock.due_at).total_seconds()) if verdict is Verdict.LATE else 0.0,
    )
    ledger = (*clock.ledger, Entry(what=What.STOPPED, at=at, verdict=verdict))
    ended: dict[str, object] = {"verdict": verdict, "next_at": None, "hold": None, "ledger": ledger}
    if verdict is Verdict.ON_TIME and clock.kind is ClockKind.HANDLE:
        ended["edge"] = _at_the_edge(draft, clock, at)
    draft.clocks[clock.key] = clock.model_copy(update=ended)


def _at_the_edge(draft: Draft, clock: Clock, at: datetime) -> bool:
    """Say whether next to nothing was left of all the time that the clock had."""
    policy, measure = draft.profile.closings, unit(clock)
    if not policy.enabled:
        return False
    left = elapsed(draft.calendar, at, clock.due_at, measure)
    whole = clock.used_ms * _MILLISECOND + elapsed(draft.calendar, clock.since or clock.start.at, clock.due_at, measure)
    return left <= policy.share * whole


def judged(at: datetime, due: datetime) -> Verdict:
    """Return the verdict on something that happened at an instant: in time up to and including the due instant."""
    return Verdict.ON_TIME if at <= due else Verdict.LATE


def _running(draft: Draft, clock: Clock, at: datetime) -> Clock:
    """Return a clock that is stopped while held as though it had been let run at that very instant."""
    hold = clock.hold
    if hold is None or at <= hold.at:
        return clock
    due = draft.calendar.resume(at, hold.left)
    ledger = (*clock.ledger, Entry(what=What.RESUMED, at=at, due=due))
    return clock.model_copy(update={"due_at": due, "hold": None, "ledger": ledger})

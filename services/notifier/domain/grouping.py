"""Which of a recipient's waiting notices leave now, which leave together, and which wait.

A surge must not bury anybody: the first notices within the window go out one by one, the `after`-th message of the
window is a digest of all that wait, and what comes then waits for the window to move on. Nothing is dropped. Notices
of the exempt severity leave at once, alone, and do not count. What is told of the cases of a surge is a queue of its
own (`NoticeState.to`), with one message a window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from services.notifier.domain.notice import NoticeState
from services.notifier.domain.quiet import quiet_until
from shared.district.notices import Notify

HOUR = timedelta(hours=1)

UNLIMITED = 10_000
"""So many messages are no limit: nobody reads them. A machine that takes every notice at once is given this."""

OF_A_SURGE = 1
"""What is told of a surge's cases is one message a window: whoever has thirty of them needs no thirty notices."""

RATE = "rate"
QUIET = "quiet"
GROUPING = "grouping"


@dataclass(frozen=True, slots=True)
class Message:
    """Notices of one recipient that leave together; `counts` says whether against the recipient's limits."""

    notices: tuple[NoticeState, ...]
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """A notice that is to be looked at again later."""

    notice: NoticeState
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the notices of one recipient."""

    messages: tuple[Message, ...]
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a recipient may still get: `room` messages now, `free_at` when there is room again."""

    room: int
    free_at: datetime
    reason: str


def plan(
    pending: Sequence[NoticeState], sent: Sequence[datetime], now: datetime, notify: Notify, zone: ZoneInfo
) -> Plan:
    """Return what to do with the notices of one recipient on one channel.

    `sent` are the instants of the messages that count against the limits, of the last hour or window.
    """
    counts = is_limited(notify) or any(one.surge for one in pending)
    urgent = [one for one in pending if one.severity <= notify.quiet_exempt_severity]
    ordinary = [one for one in pending if one.severity > notify.quiet_exempt_severity]
    sleeping = quiet_until(now, notify, zone)
    asleep = [one for one in ordinary if sleeping is not None and _may_sleep(one, sleeping)]
    awake = [one for one in ordinary if one not in asleep]
    messages = [Message((one,), counts=False) for one in urgent]
    waits = [Wait(one, sleeping, QUIET) for one in asleep if sleeping is not None]
    after = OF_A_SURGE if any(one.surge for one in awake) else notify.digest.after
    budget = _budget(sent, now, notify, after)
    if awake and budget.room <= 0:
        waits += [Wait(one, budget.free_at, budget.reason) for one in awake]
    else:
        messages += [Message(one, counts) for one in _messages(awake, budget.room)]
    return Plan(tuple(messages), tuple(waits))


def is_limited(notify: Notify) -> bool:
    """Say whether a district limits its recipients' messages at all; where not, nobody needs to count them."""
    return min(notify.digest.after, notify.rate_limit.per_hour) < UNLIMITED


def _may_sleep(notice: NoticeState, morning: datetime) -> bool:
    """Say whether quiet hours hold a notice back: not a pressing one, such as a whistle, that is over by then."""
    over = notice.pressing and notice.until is not None and notice.until < morning
    return not (notice.wakes or over)


def _budget(sent: Sequence[datetime], now: datetime, notify: Notify, after: int) -> Budget:
    """Return how many messages fit into the window and into the hour, and when the tighter one frees a place."""
    grouping = _left(sent, now, notify.digest.window, after, GROUPING)
    rate = _left(sent, now, HOUR, notify.rate_limit.per_hour, RATE)
    if grouping.room <= 0 and rate.room <= 0:
        return max(grouping, rate, key=lambda budget: budget.free_at)
    return min(grouping, rate, key=lambda budget: budget.room)


def _left(sent: Sequence[datetime], now: datetime, span: timedelta, most: int, reason: str) -> Budget:
    inside = sorted(instant for instant in sent if instant > now - span)
    room = most - len(inside)
    return Budget(room, inside[-most] + span if room <= 0 else now, reason)


def _messages(waiting: list[NoticeState], room: int) -> Iterator[tuple[NoticeState, ...]]:
    """Yield what leaves together: digests that must go again as they were, the rest singly while there is room."""
    again = sorted((one for one in waiting if one.digest), key=lambda one: one.digest or "")
    for _, members in groupby(again, key=lambda one: one.digest):
        yield tuple(members)
    rest = [one for one in waiting if not one.digest]
    alone = _alone(rest, room)
    yield from ((one,) for one in rest[:alone])
    if rest[alone:]:
        yield tuple(rest[alone:])


def _alone(rest: list[NoticeState], room: int) -> int:
    """Return how many go out singly: all while they fit, none of those that were held, else all but the digest."""
    if any(one.held for one in rest):
        return 0
    return len(rest) if len(rest) <= room else room - 1

"""What becomes of a notice: what an attempt came to, a wait, an acknowledgement. Channels never decide this.

Delivered ends it. A failure that may pass is tried again after a growing pause; one that will not, or one too many,
ends it and queues the next channel of the recipient as a new notice with its own key. Unknown is tried again under
the same key, as often as a failure may be.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.notifier.domain.notice import Attempted, Dropped, NoticeState, Postponed, Status
from services.notifier.domain.outcome import Delivered, Unknown
from services.notifier.domain.queueing import event_fields, next_route, queued
from services.notifier.domain.surroundings import Surroundings
from shared.contracts.commands import AcknowledgeNotice
from shared.contracts.notifications import (
    NoticeAcknowledged,
    NoticeDelivered,
    NoticeFailed,
    NoticeSuppressed,
    NoticeUnknown,
)
from shared.decision import Decision, Rejected
from shared.district.model import Audience
from shared.district.notices import Retry

JITTER = 0.2
"""A pause is up to so much shorter or longer, by the notice's own id, so that a receiver that comes back is not met
by everybody at once."""

NO_ANSWER = "no_answer"
ACKNOWLEDGED = "acknowledged"
MAX_GROWTH = 30


def decide(state: NoticeState | None, event: Any, now: datetime, around: Surroundings) -> Decision[NoticeState]:
    """Return the notice after what happened to it.

    Raises:
        Rejected: an acknowledgement for a notice that is not there, or by somebody whose it is not.
    """
    if state is None:
        raise Rejected("unknown-notice", "There is no such notice.", state_met="none")
    if isinstance(event, AcknowledgeNotice):
        return _acknowledged(state, event, now)
    if state.due is None:
        return Decision(state, "overtaken")
    if isinstance(event, Attempted):
        return _attempted(state, event, now, around)
    if isinstance(event, Postponed):
        later = state.model_copy(update={"due": event.until, "held": True})
        return Decision(later, f"postponed_{event.reason}")
    if isinstance(event, Dropped):
        return _dropped(state, event, now)
    return Decision(state, "nothing_to_tell")


def _acknowledged(state: NoticeState, event: AcknowledgeNotice, now: datetime) -> Decision[NoticeState]:
    """Take a receipt from the department the recipient belongs to; a notice that was read is not sent again."""
    department = event.actor.department
    if state.district != event.district or state.case_id != event.case_id:
        raise Rejected("unknown-notice", f"The case {event.case_id} has no such notice.", state_met="none")
    if department is None or _department(state) != department:
        raise Rejected("forbidden", "Only the recipient's department acknowledges a notice.", state_met=state.status)
    if state.acknowledged_by is not None:
        return Decision(state, "repeated")
    read = state.model_copy(update={"acknowledged_by": department})
    said = NoticeAcknowledged(**event_fields(state, now), by=department)
    if state.due is None:
        return Decision(read, "acknowledged", (said,))
    ended = _dropped(read, Dropped(ACKNOWLEDGED), now)
    return Decision(ended.state, "acknowledged", (said, *ended.events))


def _department(state: NoticeState) -> str | None:
    """Return the department a recipient belongs to; reporters and grid workers belong to none."""
    of_none = state.audience in (Audience.REPORTER, Audience.GRID_WORKER)
    return None if of_none else state.recipient.partition("/")[0]


def _attempted(state: NoticeState, event: Attempted, now: datetime, around: Surroundings) -> Decision[NoticeState]:
    """Judge one attempt; one that was counted already changes nothing."""
    if event.attempt != state.attempts + 1:
        return Decision(state, "overtaken")
    outcome = event.outcome
    tried = state.model_copy(update={"attempts": event.attempt, "digest": event.digest, "reason": None})
    if isinstance(outcome, Delivered):
        return _delivered(tried, event, now)
    retry = around.profiles.current(state.district).profile.notify.retry
    last = event.attempt >= retry.attempts
    if isinstance(outcome, Unknown):
        return _unknown(tried, event, now, around, retry, last=last)
    if outcome.retryable and not last:
        due = now + _pause(retry, tried, around.pace, outcome.retry_after)
        return Decision(tried.model_copy(update={"due": due, "reason": outcome.reason}), "retried")
    return _failed(tried, outcome.reason, now, around)


def _delivered(state: NoticeState, event: Attempted, now: datetime) -> Decision[NoticeState]:
    done = {"status": Status.DELIVERED, "due": None, "digest": event.digest, "sent_at": now if event.counts else None}
    said = NoticeDelivered(**event_fields(state, now), attempts=state.attempts, digest_of=event.size)
    return Decision(state.model_copy(update=done), "delivered", (said,))


def _unknown(
    state: NoticeState, event: Attempted, now: datetime, around: Surroundings, retry: Retry, *, last: bool
) -> Decision[NoticeState]:
    """Say that nobody knows, and try again with the same key; after the last attempt it counts as failed."""
    said = NoticeUnknown(**event_fields(state, now), attempts=state.attempts)
    update = {"status": Status.UNKNOWN, "reason": NO_ANSWER, "sent_at": now if event.counts else None}
    unknown = state.model_copy(update=update)
    if last:
        failed = _failed(unknown, NO_ANSWER, now, around)
        return Decision(failed.state, failed.reason, (said, *failed.events), failed.companions)
    due = now + _pause(retry, unknown, around.pace, None)
    return Decision(unknown.model_copy(update={"due": due}), "unknown", (said,))


def _failed(state: NoticeState, reason: str, now: datetime, around: Surroundings) -> Decision[NoticeState]:
    """End this notice and queue the recipient's next channel that is at hand, if there is one."""
    ended = state.model_copy(update={"status": Status.FAILED, "due": None, "reason": reason})
    follower = fallback(state, now, around.channels)
    channel = follower.channel if follower else None
    said = NoticeFailed(**event_fields(state, now), reason=reason, attempts=state.attempts, fallback=channel)
    if follower is None:
        return Decision(ended, "failed", (said,))
    return Decision(ended, "fell_back", (said, queued(follower, now)), (around.document(follower),))


def fallback(state: NoticeState, now: datetime, channels: Container[str]) -> NoticeState | None:
    """Return the notice to the same recipient on the next channel at hand, with a key of its own."""
    at = next_route(state.fallbacks, channels)
    if at is None:
        return None
    route = state.fallbacks[at]
    fresh: dict[str, Any] = {
        "channel": route.channel,
        "address": route.address,
        "fallbacks": state.fallbacks[at + 1 :],
        "due": now,
        "status": Status.QUEUED,
        "attempts": 0,
        "held": False,
        "digest": None,
        "sent_at": None,
        "reason": None,
    }
    return state.model_copy(update=fresh)


def _dropped(state: NoticeState, event: Dropped, now: datetime) -> Decision[NoticeState]:
    ended = state.model_copy(update={"status": Status.SUPPRESSED, "due": None, "reason": event.reason})
    said = NoticeSuppressed(**event_fields(state, now), reason=event.reason)
    return Decision(ended, "suppressed", (said,))


def _pause(retry: Retry, state: NoticeState, pace: float, retry_after: float | None) -> timedelta:
    """Return how long to wait in domain time: what the receiver asked for, at least the profile's growing pause."""
    grown = retry.backoff.total_seconds() * retry.factor ** min(state.attempts - 1, MAX_GROWTH)
    most = retry.max_backoff.total_seconds()
    name = state.digest or state.id
    spread = 1 + JITTER * (int(name[:8], 16) / 0xFFFFFFFF * 2 - 1)
    return timedelta(seconds=max(min(grown, most) * spread, min(retry_after or 0, most)) * pace)


@dataclass(frozen=True, slots=True)
class CaseNow:
    """As much of a case as tells whether an older notice still has a point."""

    episode: int = 1
    closed: bool = False
    done: tuple[str, ...] = ()


def is_stale(state: NoticeState, now: datetime, case: CaseNow) -> bool:
    """Say whether a notice that had to wait has become pointless meanwhile."""
    if state.until is not None and now > state.until:
        return True
    over = case.episode > state.episode or (case.closed and case.episode == state.episode)
    return (state.moot and over) or (state.task is not None and state.task in case.done)

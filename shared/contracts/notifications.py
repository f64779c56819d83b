"""What the notifier says of notices, on `gw.<d>.notifications`. No address and no personal data in any of them."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import Event


class NoticeEvent(Event):
    """A fact about one notice; `notice_id` is the hash of its key case + episode + step + recipient + channel.

    `recipient` is a role such as `housing/duty_officer` or `reporter/<ref>`, never a person's address.
    """

    topic: ClassVar[str] = "notifications"

    notice_id: str
    audience: str
    recipient: str
    channel: str
    step: str


class NoticeQueued(NoticeEvent):
    """The notice will be sent."""

    type: ClassVar[str] = "gridwhistle.notice.queued.v1"

    template: str


class NoticeDelivered(NoticeEvent):
    """The channel took the notice, after `attempts` tries; `digest_of` notices went out as one."""

    type: ClassVar[str] = "gridwhistle.notice.delivered.v1"

    attempts: int
    digest_of: int = 1


class NoticeFailed(NoticeEvent):
    """The channel will not take it; `fallback` names the channel tried next, if there is one."""

    type: ClassVar[str] = "gridwhistle.notice.failed.v1"

    reason: str
    attempts: int
    fallback: str | None = None


class NoticeUnknown(NoticeEvent):
    """The channel did not say whether it took the notice (a time-out after sending); it goes out again, same key."""

    type: ClassVar[str] = "gridwhistle.notice.unknown.v1"

    attempts: int


class NoticeSuppressed(NoticeEvent):
    """The notice is not sent, for `reason` (no_address, no_roster, unknown_channel, stale …)."""

    type: ClassVar[str] = "gridwhistle.notice.suppressed.v1"

    reason: str


class NoticeAcknowledged(NoticeEvent):
    """The recipient's department has read it."""

    type: ClassVar[str] = "gridwhistle.notice.acknowledged.v1"

    by: str

"""One notice from queue to receipt: its state, and what can happen to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from services.notifier.domain.keys import notice_id, notice_key, recipient_queue
from services.notifier.domain.outcome import Outcome
from shared.decision import Stored


class Status(StrEnum):
    """Where a notice stands. `unknown`: a channel did not say whether it took it; tried again with the same key."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class Route(Stored):
    """One way to reach the recipient; an empty address is a reporter's, opened from the seal when it is sent."""

    channel: str
    address: str = ""


class NoticeState(Stored):
    """One notice on one channel. `due` is when it is to be looked at next; None: it is finished.

    `moot`: pointless once the case is closed. `until`: pointless after that instant, and `pressing`: so pointless
    that quiet hours must not hold it back that long. `held`: it waits to go out in a digest. `digest`: it went out in
    that one, whose fate is not known yet. `sent_at`: it counts against its recipient's limits from then on.
    `serial` keeps the notices of a case in order. `surge` is the parent of the surge its case belongs to, where the
    notices of all its cases go together.
    """

    district: str
    case_id: str
    episode: int
    step: str
    template: str
    audience: str
    recipient: str
    channel: str
    address: str = ""
    reporter: str | None = None
    fallbacks: tuple[Route, ...] = ()
    languages: tuple[str, ...] = ("zh-CN",)
    facts: dict[str, Any] = Field(default_factory=dict)
    severity: int = 3
    wakes: bool = False
    moot: bool = False
    pressing: bool = False
    task: str | None = None
    until: datetime | None = None
    serial: int = 0
    queued_at: datetime
    due: datetime | None = None
    status: Status = Status.QUEUED
    attempts: int = 0
    held: bool = False
    digest: str | None = None
    sent_at: datetime | None = None
    reason: str | None = None
    acknowledged_by: str | None = None
    surge: str | None = None
    expires: datetime | None = None

    @property
    def key(self) -> str:
        """The key of the notice."""
        return notice_key(self.case_id, self.episode, self.step, self.recipient, self.channel)

    @property
    def id(self) -> str:
        """The id of the notice, the hash of its key."""
        return notice_id(self.key)

    @property
    def to(self) -> str:
        """What grouping and limits count by."""
        return recipient_queue(self.district, self.recipient, self.channel, self.surge)


def index_fields(state: NoticeState) -> dict[str, Any]:
    """Return the fields beside the state by which notices are found."""
    return {
        "channel": state.channel,
        "district": state.district,
        "to": state.to,
        "sent_at": state.sent_at,
        "expires": state.expires,
    }


@dataclass(frozen=True, slots=True)
class Attempted:
    """A channel was asked to take the notice, the `attempt`-th time; `digest` if it went with others, `size` in all.

    `counts`: this one stands for the message when messages to the recipient are counted.
    """

    outcome: Outcome
    attempt: int
    digest: str | None = None
    size: int = 1
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Postponed:
    """The notice waits for the end of quiet hours, or for its turn within its recipient's limits."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The notice will not be sent: it came too late, or there is nobody to send it to after all."""

    reason: str

"""What goes to a channel and what comes back. A channel classifies; when and whether to try again is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.district.notices import Notify


@dataclass(frozen=True, slots=True)
class Delivered:
    """The channel took the notice."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The channel did not take it, for certain. `reason` is a closed word; `retry_after` in real seconds."""

    reason: str
    retryable: bool
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent, and no answer came: it may have been taken or not."""


Outcome = Delivered | Failed | Unknown


@dataclass(frozen=True, slots=True)
class Member:
    """One of the notices that leave together in a digest."""

    id: str
    key: str
    case_id: str
    step: str
    subject: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a channel sends. `id` is its idempotency key: whatever is sent again under it is the same message.

    `address` is in the form the channel says it takes; the reporter's is in clear text here and nowhere else. `at` is
    when it was queued, so that sending again sends the same bytes.
    `members` are the notices of a digest, or the one that this is. `policy` is the district's notify section.
    """

    id: str
    district: str
    audience: str
    recipient: str
    address: str
    subject: str
    text: str
    members: tuple[Member, ...]
    at: datetime
    severity: int = 3
    language: str = "zh-CN"
    policy: Notify = field(default_factory=Notify)

    @property
    def key(self) -> str:
        """The key of the notice; of a digest, of its first."""
        return self.members[0].key

    def payload(self) -> dict[str, Any]:
        """Return what a machine gets to read; no address."""
        return {
            "notice_id": self.id,
            "district": self.district,
            "audience": self.audience,
            "recipient": self.recipient,
            "severity": self.severity,
            "subject": self.subject,
            "text": self.text,
            "digest_of": len(self.members),
            "notices": [
                {"notice_id": one.id, "key": one.key, "case_id": one.case_id, "step": one.step, "subject": one.subject}
                for one in self.members
            ],
        }

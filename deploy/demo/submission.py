"""One thing a simulated partner will send, and when on the virtual clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploy.partner.messages import Inbound


class Kind(StrEnum):
    """Why it is sent; only for the log of the play, the system is never told."""

    REPORT = "report"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    NEAR = "near"
    MALFORMED = "malformed"
    COMMAND = "command"
    STORY = "story"


NO_REPORT = frozenset({Kind.COMMAND})


@dataclass(frozen=True, slots=True)
class Submission:
    """A record and the virtual instant at which its partner sends it."""

    at: datetime
    message: Inbound
    kind: Kind

    @property
    def is_report(self) -> bool:
        """Whether it is meant as a report, well formed or not."""
        return self.kind not in NO_REPORT

"""What escalation remembers of the recurring work in one township (片区): its open rounds, and who is on leave.

One document a township, for ever; it holds the rounds that can still change and no others. What was done, missed and
learnt stands in the events, which the ledger keeps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field

from shared.decision import Stored


class Round(Stored):
    """One round of an obligation, as the profile `version` at its start asked for it.

    `done`: for each grid the nonces of the records that count, so that none counts twice. `told`: the grids that were
    told as missed; a round is judged once.
    """

    obligation: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    judged_at: AwareDatetime
    version: int
    done: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    judged: bool = False
    told: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What names the round in its township for good."""
        return f"{self.obligation}/{self.starts_at:%Y%m%dT%H%MZ}"


class Leave(Stored):
    """A worker is away for days of the district, both included (`2026-07-01`, the database knows no days)."""

    worker: str
    first: str
    last: str
    substitute: str = ""

    def covers(self, worker: str, day: str) -> bool:
        """Say whether that worker is away on that day."""
        return self.worker == worker and self.first <= day <= self.last


class Beat(Stored):
    """The work of one township. `begun`: for each obligation the begin of its last round, or when it was first seen."""

    district: str
    township: str
    begun: dict[str, AwareDatetime] = Field(default_factory=dict)
    rounds: tuple[Round, ...] = ()
    leaves: tuple[Leave, ...] = ()
    next_at: AwareDatetime | None = None


def due(beat: Beat) -> datetime | None:
    """Return when a round begins or is judged next."""
    return beat.next_at


def index(beat: Beat) -> dict[str, Any]:
    """Return the fields beside the state."""
    return {"district": beat.district}

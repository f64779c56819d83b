"""What the plan says of one case: everything that anybody will do about it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.demo.submission import Submission


@dataclass(slots=True)
class EventLife:
    """An event. `done` and `assisted` are the completions of lead and assists, by episode; None for never."""

    case: str
    opened: datetime
    category: str
    fate: str
    lead: str
    assists: tuple[str, ...]
    joint: bool
    done: Sequence[datetime | None]
    assisted: Sequence[datetime]
    verified: Sequence[datetime | None] = ()
    classified: datetime | None = None
    returned: datetime | None = None
    reassigned: datetime | None = None
    successor: str = ""
    withdrawn: datetime | None = None
    closes: datetime | None = None
    twins: int = 0


@dataclass(frozen=True, slots=True)
class TierPlan:
    """What happens in one tier; without `ends` nobody says anything and it expires."""

    tier: str
    heard: datetime | None
    ends: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Promised:
    """One obligation of an agreement, and when it is met, if ever."""

    what: dict[str, Any]
    met: datetime | None


@dataclass(slots=True)
class DisputeLife:
    """A dispute: its tiers, the last of which may agree; then what is signed and kept."""

    case: str
    opened: datetime
    category: str
    fate: str
    tiers: Sequence[TierPlan]
    signed: datetime | None = None
    promised: Sequence[Promised] = ()
    breached: datetime | None = None

    @property
    def broken_for_good(self) -> bool:
        """Whether something that was promised is never done."""
        return any(one.met is None for one in self.promised)


Life = EventLife | DisputeLife


@dataclass(slots=True)
class Plan:
    """The whole year before it begins. `asks`: a record's key -> what to hear before time may go on."""

    start: datetime
    end: datetime
    lives: dict[str, Life] = field(default_factory=dict)
    reports: list[tuple[Submission, str, str]] = field(default_factory=list)

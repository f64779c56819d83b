"""What a routing decision is made from and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.actors import PartnerKind
from shared.contracts.limits import Limit, Stage
from shared.district.areas import GridKind
from shared.district.categories import Evidence, Priority


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a report when it is routed. `at` is an instant with a zone; rules see it in local time."""

    category: str
    at: datetime
    township: str | None = None
    community: str | None = None
    grid: str | None = None
    grid_kind: GridKind | None = None
    partner: str | None = None
    partner_kind: PartnerKind | None = None
    severity: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """Who handles a case, by when, and why.

    `rule_id` is None when no rule matched. `joint`: the departments work as a team; `whistle`: it is blown at opening.
    The explanation has one line for each rule that was tried, then one for each thing that was decided.
    """

    rule_id: str | None
    lead: str
    assists: tuple[str, ...]
    accept: Limit
    stages: tuple[Stage, ...]
    verify: Limit
    severity: int
    priority: Priority
    evidence: Evidence
    joint: bool
    whistle: bool
    notice: str | None
    explanation: tuple[str, ...]

"""What the sums are made from: a record on an inbound topic, a report as intake keeps it, a case as the router does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.conservation.across import Across

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A record on an inbound topic. `mark` is how intake's documents remember it; `day` is local, of when it came.

    `letter` is the id that its dead letter has if it was refused. The place alone does not say which record a letter is
    about: on a broker that was made anew another record stands there.
    """

    place: Place
    mark: bytes
    district: str
    partner: str
    day: date
    is_report: bool
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report that intake took in, from `gw_intake.reports`. `marks` are of the newest of its records.

    `apart`: it was merged once, and taken out again.
    """

    id: str
    case_id: str
    into: str | None
    duplicates: int
    marks: tuple[bytes, ...]
    day: date
    saved_at: datetime
    apart: bool = False

    @property
    def district(self) -> str:
        """The district it was found to be in."""
        return self.id.split("/", 2)[0]

    @property
    def partner(self) -> str:
        """Who sent it."""
        return self.id.split("/", 2)[1]

    @property
    def report_id(self) -> str:
        """What its sender calls it."""
        return self.id.split("/", 2)[2]

    @property
    def home(self) -> str:
        """The case it belongs to."""
        return self.into or self.case_id


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """A case, from `gw_router.cases`. `batch`: the parent of which it is one household's file.

    `surge`: it is the parent of a surge, and of no report.
    """

    id: str
    partner: str
    report_id: str
    state: str
    merged: int
    opened: date
    saved_at: datetime
    dispute: bool = False
    batch: str | None = None
    surge: bool = False

    @property
    def district(self) -> str:
        """The district in its number."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was looked at, inbound topics first: what came after `begun` may be missing further down.

    `refused` are records that intake made dead letters, `lost_cases` what the router refused to open, each with the
    error. `kept_days`: how long intake remembers reports, per district. `across`: what the other services make of it.
    `surges`: the parents of those that intake has in its books, with the day they began.
    """

    begun: datetime
    submitted: Sequence[Submitted] = ()
    reports: Sequence[Report] = ()
    cases: Sequence[CaseSeen] = ()
    refused: Mapping[Place, str] = field(default_factory=dict)
    lost_cases: Mapping[str, str] = field(default_factory=dict)
    kept_days: Mapping[str, int] = field(default_factory=dict)
    across: Across | None = None
    surges: Mapping[str, date] = field(default_factory=dict)

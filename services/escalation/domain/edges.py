"""Completions at the very end of a limit, and when so many of them are a pattern (卡点办结).

One is nothing: work is done when it is due. Many at once by one department, far beyond what is usual for it, are a
sign that cases are closed for the figure. Nobody is refused or accused; the centre is asked to look.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.escalation.domain.draft import Draft
from services.escalation.domain.model import Case, Phase
from shared.contracts.advisories import ClosingsFlagged, file_number
from shared.contracts.escalations import ClockStopped
from shared.district.governance import Closings

KEPT_DAYS = 400
"""Days on which a department was flagged that its file remembers; more than any profile looks back."""

_SEVERITY = 3


@dataclass(frozen=True, slots=True)
class Edge:
    """A task completed at the end of its limit."""

    at: datetime
    case_id: str


@dataclass(frozen=True, slots=True)
class Burst:
    """The most edges that lie within one window; `usual` are so many on a day."""

    edges: tuple[Edge, ...]
    usual: float


@dataclass(frozen=True, slots=True)
class Flagged:
    """A department's burst, to be told unless one of that day was."""

    district: str
    department: str
    profile_version: int
    day: date
    burst: Burst
    recorded_at: datetime

    @property
    def case_id(self) -> str:
        """The number of the file on the department."""
        return closings_file(self.district, self.department)


def closings_file(district: str, department: str) -> str:
    """Return the number of the file on a department's closings."""
    return file_number(district, f"closings/{department}")


def owner_key(district: str, department: str) -> str:
    """Return the key under which a department's edges are found."""
    return f"{district}/{department}"


def stopped_at_the_edge(case: Case, event: ClockStopped) -> bool:
    """Say whether the clock that stopped had next to nothing left."""
    key = event.clock_id.partition("/")[2]
    return any(clock.edge for clock in case.clocks if clock.key == key)


def index(case: Case) -> Iterator[tuple[str, Any]]:
    """Yield the field beside the state by which a department's edges are found."""
    found = [
        {"d": owner_key(case.district, clock.owner), "at": clock.ledger[-1].at} for clock in case.clocks if clock.edge
    ]
    if found:
        yield "edges", found


def burst(edges: Sequence[Edge], hints: Collection[datetime], policy: Closings, zone: ZoneInfo) -> Burst | None:
    """Return the largest burst about the instants hinted at, if it is one. `edges` are in the order of time.

    Ordinary is what a department completes so late on a day on which it does so at all; days that were flagged are left
    out by the caller, or who closes in bulk every day would become the measure of it.
    """
    instants = [one.at for one in edges]
    least, most = min(hints), max(hints) + policy.window
    ends = [at for at in instants if least <= at <= most]
    spans = [edges[bisect_right(instants, at - policy.window) : bisect_right(instants, at)] for at in ends]
    largest = max(spans, key=len, default=())
    if len(largest) < policy.count:
        return None
    days = Counter(at.astimezone(zone).date() for at in instants)
    del days[largest[-1].at.astimezone(zone).date()]
    usual = sum(days.values()) / len(days) if days else 0.0
    return Burst(tuple(largest), usual) if len(largest) > policy.times * usual else None


def born(event: Flagged) -> Case:
    """Return a department's file, with nothing in it."""
    return Case(
        district=event.district,
        case_id=event.case_id,
        profile_version=event.profile_version,
        phase=Phase.CLOSED,
        began_at=event.recorded_at,
        severity=_SEVERITY,
        episode=0,
        lead=event.department,
    )


def on_flagged(draft: Draft, event: Flagged) -> str:
    """Tell of a burst, once a day of the department."""
    flagged, edges = draft.case.flagged, event.burst.edges
    draft.adopt(event.profile_version)
    draft.change(episode=draft.case.episode + 1, flagged=(*flagged, event.day.isoformat())[-KEPT_DAYS:])
    draft.say(
        ClosingsFlagged,
        edges[-1].at,
        department=event.department,
        count=len(edges),
        since=edges[0].at,
        until=edges[-1].at,
        share=draft.profile.closings.share,
        usual=round(event.burst.usual, 1),
        cases=tuple(dict.fromkeys(one.case_id for one in reversed(edges)))[:20],
        profile_version=event.profile_version,
    )
    return "closings_flagged"


def told_before(case: Case | None, event: Flagged) -> bool:
    """Say whether the department was flagged on that day already."""
    return case is not None and event.day.isoformat() in case.flagged


def lookback(policy: Closings) -> timedelta:
    """Return how far back what is usual is looked for."""
    return timedelta(days=policy.days)

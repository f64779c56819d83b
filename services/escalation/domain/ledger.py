"""Why a clock is due when it is: its ledger computed again from the calendar, line by line, and compared.

Pure, so that the command line can do it for a case of any age: start, limit, calendar and moves are all in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.escalation.domain.clocks import elapsed, unit
from services.escalation.domain.model import Clock
from services.escalation.domain.replay import DAYS, MINUTE, READ, Line, Replay
from shared.contracts.escalations import Verdict
from shared.district.lookup import DirectoryIndex


class Counted(BaseModel):
    """What one local day adds to a limit: minutes, or one day for a limit in days."""

    model_config = ConfigDict(frozen=True)

    day: date
    amount: float
    total: float
    note: str = ""


class Explained(BaseModel):
    """A clock, why it is due when it is, and in what its stored state differs from the computed one."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    owner: str
    started_at: datetime
    limit: str | None
    calendar: str
    original_due_at: datetime
    due_at: datetime
    verdict: Verdict | None
    held: bool
    counts: str
    lines: tuple[Line, ...]
    days: tuple[Counted, ...]
    differences: tuple[str, ...]


def explain(stored: Clock, directory: DirectoryIndex) -> Explained:
    """Compute a clock again from its ledger and compare."""
    replay = Replay.of(stored, directory)
    for entry in stored.ledger:
        READ[entry.what](replay, entry)
    told = tuple(f"{line.what}: {line.differs}" for line in replay.lines if line.differs)
    return Explained(
        key=stored.key,
        kind=stored.kind,
        owner=stored.owner,
        started_at=stored.start.at,
        limit=str(stored.start.limit) if stored.start.limit else None,
        calendar=stored.start.calendar,
        original_due_at=stored.original_due_at,
        due_at=stored.due_at,
        verdict=stored.verdict,
        held=stored.hold is not None,
        counts="days" if unit(stored) in DAYS else "minutes",
        lines=tuple(replay.lines),
        days=tuple(_per_day(replay, directory)),
        differences=(*told, *_against(stored, replay)),
    )


def _against(stored: Clock, replay: Replay) -> Iterator[str]:
    """Yield what the stored clock says otherwise than its own ledger."""
    computed = replay.clock
    for name in ("due_at", "breached_at"):
        one, other = getattr(stored, name), getattr(computed, name)
        if one != other:
            yield f"{name} is stored as {replay.local(one)}, the ledger makes it {replay.local(other)}"
    for name in ("used_ms", "verdict", "owner"):
        one, other = getattr(stored, name), getattr(computed, name)
        if one != other:
            yield f"{name} is stored as {one}, the ledger makes it {other}"
    if (stored.hold is None) != (computed.hold is None):
        yield "whether it is held is stored otherwise than the ledger has it"


def _per_day(replay: Replay, directory: DirectoryIndex) -> Iterator[Counted]:
    """Yield what each local day adds, over all stretches in which the clock ran, up to its due instant."""
    total = 0.0
    for begin, paused in replay.segments:
        end = replay.clock.due_at if paused is None else paused
        for day, opens, closes in _local_days(begin, end, directory):
            amount, note = _amount(replay, opens, closes, first=opens == begin)
            total += amount
            yield Counted(day=day, amount=amount, total=total, note=note)


def _local_days(begin: datetime, end: datetime, directory: DirectoryIndex) -> Iterator[tuple[date, datetime, datetime]]:
    zone, at = directory.profile.zone, begin
    while at < end:
        day = at.astimezone(zone).date()
        after = day + timedelta(days=1)
        midnight = datetime(after.year, after.month, after.day, tzinfo=zone)
        closes = min(end, midnight)
        yield day, at, closes
        at = closes.astimezone(begin.tzinfo)


def _amount(replay: Replay, opens: datetime, closes: datetime, *, first: bool) -> tuple[float, str]:
    """Return what the part of a day adds in the unit of the limit, and what there is to say of it."""
    measure = unit(replay.clock)
    counted = elapsed(replay.calendar, opens, closes, measure)
    off = "" if counted else "no working time"
    if measure not in DAYS:
        return round(counted / MINUTE, 3), off
    if first:
        return 0.0, "the day of the start is not counted"
    return (0.0, off) if off else (1.0, "")

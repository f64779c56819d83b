"""Why a clock is due when it is: its ledger computed again from the calendar, line by line, and compared.

Pure, so that the command line can do it for a case of any age: start, limit, calendar and moves are all in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.escalation.domain.clocks import elapsed, floor, judged, unit, warn_at
from services.escalation.domain.model import Clock, Entry, Hold, What
from shared.contracts.escalations import Verdict
from shared.contracts.limits import LimitUnit
from shared.district.calendar import Remaining, WorkingCalendar
from shared.district.lookup import DirectoryIndex

_DAYS = frozenset({LimitUnit.CALENDAR_DAYS, LimitUnit.WORKING_DAYS})
_MINUTE = timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)


class Line(BaseModel):
    """One line of a ledger, with what it comes to when computed again; `differs` says how the two part."""

    model_config = ConfigDict(frozen=True)

    what: What
    at: datetime
    says: str
    due: datetime | None = None
    differs: str | None = None


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


@dataclass(slots=True)
class _Replay:
    """The clock as its ledger makes it, up to the line being read."""

    clock: Clock
    calendar: WorkingCalendar
    fractions: tuple[float, ...]
    lines: list[Line] = field(default_factory=list)
    segments: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    last_hold: Hold | None = None

    @classmethod
    def of(cls, stored: Clock, directory: DirectoryIndex) -> _Replay:
        """Start from the first line alone."""
        first = stored.start
        blank = Clock(
            key=stored.key,
            kind=stored.kind,
            owner=first.by,
            due_at=first.due or stored.due_at,
            live_from=stored.live_from,
            ledger=(first,),
        )
        return cls(blank, directory.calendar, directory.profile.escalation.warn_fractions)

    def change(self, **fields: object) -> None:
        self.clock = self.clock.model_copy(update=fields)

    def line(self, entry: Entry, says: str, *, due: datetime | None = None, differs: str | None = None) -> None:
        self.lines.append(Line(what=entry.what, at=entry.at, says=says, due=due, differs=differs))

    def begin(self, at: datetime) -> None:
        self.segments.append((at, None))

    def pause(self, at: datetime) -> None:
        self.segments[-1] = (self.segments[-1][0], at)


def explain(stored: Clock, directory: DirectoryIndex) -> Explained:
    """Compute a clock again from its ledger and compare."""
    replay = _Replay.of(stored, directory)
    for entry in stored.ledger:
        _READ[entry.what](replay, entry)
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
        counts="days" if unit(stored) in _DAYS else "minutes",
        lines=tuple(replay.lines),
        days=tuple(_per_day(replay, directory)),
        differences=(*told, *_against(stored, replay.clock)),
    )


def _against(stored: Clock, computed: Clock) -> Iterator[str]:
    """Yield what the stored clock says otherwise than its own ledger."""
    for name in ("due_at", "breached_at", "used_ms", "verdict", "owner"):
        one, other = getattr(stored, name), getattr(computed, name)
        if one != other:
            yield f"{name} is stored as {one}, the ledger makes it {other}"
    if (stored.hold is None) != (computed.hold is None):
        yield "whether it is held is stored otherwise than the ledger has it"


def _unless(same: bool, sentence: str) -> str | None:  # noqa: FBT001 - reads as a condition
    return None if same else sentence


def _started(replay: _Replay, entry: Entry) -> None:
    computed, version = entry.due, entry.calendar
    if entry.limit is not None:
        computed = replay.calendar.due(entry.at, entry.limit)
        version = replay.calendar.version_for(entry.at, max(computed, entry.at))
    same = computed == entry.due and version == entry.calendar
    says = f"{entry.limit} by {entry.calendar}" if entry.limit else "the report brought its own due instant"
    differs = _unless(same, f"{entry.due} by {entry.calendar} is stored, {computed} by {version} is computed")
    replay.line(entry, says, due=computed, differs=differs)
    replay.begin(entry.at)


def _owned(replay: _Replay, entry: Entry) -> None:
    replay.change(owner=entry.by)
    replay.line(entry, f"{entry.by} answers for it")


def _warned(replay: _Replay, entry: Entry) -> None:
    known = entry.fraction in replay.fractions
    expected = max(floor(replay.clock), warn_at(replay.calendar, replay.clock, entry.fraction or 0.0))
    differs = _unless(known and expected == entry.at, f"stored at {entry.at}, computed at {expected}")
    replay.line(entry, f"{(entry.fraction or 0):.0%} used", differs=differs)


def _breached(replay: _Replay, entry: Entry) -> None:
    expected = max(floor(replay.clock), replay.clock.due_at)
    replay.change(breached_at=entry.at)
    differs = _unless(expected == entry.at, f"stored at {entry.at}, computed at {expected}")
    replay.line(entry, "the limit has passed", differs=differs)


def _withdrawn(replay: _Replay, entry: Entry) -> None:
    replay.change(breached_at=None)
    replay.line(entry, "the breach does not count")


def _held(replay: _Replay, entry: Entry) -> None:
    clock, measure = replay.clock, unit(replay.clock)
    since = clock.since or clock.start.at
    left = replay.calendar.remaining(entry.at, clock.due_at, measure)
    used = clock.used_ms + elapsed(replay.calendar, since, entry.at, measure) // _MILLISECOND
    replay.last_hold = Hold(at=entry.at, left=left, until=entry.until)
    replay.change(hold=replay.last_hold, used_ms=used)
    replay.pause(entry.at)
    until = f" until {entry.until}" if entry.until else ""
    differs = _unless(left == entry.left, f"{entry.left} left is stored, {left} is computed")
    replay.line(entry, f"held{until}, approved by {entry.by}, {_left(left)} left", differs=differs)


def _resumed(replay: _Replay, entry: Entry) -> None:
    left = replay.last_hold.left if replay.last_hold else Remaining(unit=unit(replay.clock))
    due = replay.calendar.resume(entry.at, left)
    if replay.clock.hold is None:
        replay.segments.pop()
    replay.change(hold=None, since=entry.at, due_at=due)
    replay.begin(entry.at)
    differs = _unless(due == entry.due, f"due {entry.due} is stored, {due} is computed")
    replay.line(entry, f"runs again with {_left(left)}", due=due, differs=differs)


def _extended(replay: _Replay, entry: Entry) -> None:
    clock = replay.clock
    due = replay.calendar.extend(clock.due_at, entry.limit) if entry.limit else clock.due_at
    if clock.hold is not None:
        left = replay.calendar.remaining(clock.hold.at, due, unit(clock))
        replay.last_hold = clock.hold.model_copy(update={"left": left})
    replay.change(due_at=due, hold=replay.last_hold if clock.hold else None)
    differs = _unless(due == entry.due, f"due {entry.due} is stored, {due} is computed")
    replay.line(entry, f"{entry.limit} more, approved by {entry.by}", due=due, differs=differs)


def _stopped(replay: _Replay, entry: Entry) -> None:
    clock = replay.clock
    expected = Verdict.LATE if clock.breached_at is not None else judged(entry.at, clock.due_at)
    replay.change(verdict=entry.verdict, hold=None)
    void = entry.verdict is Verdict.VOID
    differs = _unless(void or entry.verdict == expected, f"{entry.verdict} is stored, {expected} is computed")
    replay.line(entry, f"verdict {entry.verdict}", differs=differs)


_READ = {
    What.STARTED: _started,
    What.OWNED: _owned,
    What.WARNED: _warned,
    What.BREACHED: _breached,
    What.WITHDRAWN: _withdrawn,
    What.HELD: _held,
    What.RESUMED: _resumed,
    What.EXTENDED: _extended,
    What.STOPPED: _stopped,
}


def _left(left: Remaining) -> str:
    return f"{left.days} days" if left.unit in _DAYS else f"{left.time / _MINUTE:g} minutes"


def _per_day(replay: _Replay, directory: DirectoryIndex) -> Iterator[Counted]:
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


def _amount(replay: _Replay, opens: datetime, closes: datetime, *, first: bool) -> tuple[float, str]:
    """Return what the part of a day adds in the unit of the limit, and what there is to say of it."""
    measure = unit(replay.clock)
    counted = elapsed(replay.calendar, opens, closes, measure)
    off = "" if counted else "no working time"
    if measure not in _DAYS:
        return round(counted / _MINUTE, 3), off
    if first:
        return 0.0, "the day of the start is not counted"
    return (0.0, off) if off else (1.0, "")

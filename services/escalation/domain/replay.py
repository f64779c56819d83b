"""Reading a ledger line by line: what each line should say by the calendar, beside what it does say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from services.escalation.domain.clocks import elapsed, floor, fractions_of, judged, unit, warn_at
from services.escalation.domain.model import Clock, Entry, Hold, What
from shared.contracts.escalations import Verdict
from shared.contracts.limits import LimitUnit
from shared.district.calendar import Remaining, WorkingCalendar
from shared.district.lookup import DirectoryIndex

DAYS = frozenset({LimitUnit.CALENDAR_DAYS, LimitUnit.WORKING_DAYS})
MINUTE = timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)


class Line(BaseModel):
    """One line of a ledger, with what it comes to when computed again; `differs` says how the two part."""

    model_config = ConfigDict(frozen=True)

    what: What
    at: datetime
    says: str
    due: datetime | None = None
    differs: str | None = None


@dataclass(slots=True)
class Replay:
    """The clock as its ledger makes it, up to the line being read."""

    clock: Clock
    calendar: WorkingCalendar
    fractions: tuple[float, ...]
    zone: ZoneInfo
    lines: list[Line] = field(default_factory=list)
    segments: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    last_hold: Hold | None = None

    @classmethod
    def of(cls, stored: Clock, directory: DirectoryIndex) -> Replay:
        """Start from the first line alone."""
        first = stored.start
        blank = Clock(
            key=stored.key,
            kind=stored.kind,
            owner=first.by,
            due_at=first.due or stored.due_at,
            live_from=stored.live_from,
            remind_at=stored.remind_at,
            ledger=(first,),
        )
        profile = directory.profile
        fractions = fractions_of(blank, profile.escalation.warn_fractions)
        return cls(blank, directory.calendar, fractions, profile.zone)

    def change(self, **fields: object) -> None:
        """Change the clock."""
        self.clock = self.clock.model_copy(update=fields)

    def line(self, entry: Entry, says: str, *, due: datetime | None = None, differs: str | None = None) -> None:
        """Add what a line says, and how it differs from what is computed."""
        self.lines.append(Line(what=entry.what, at=entry.at, says=says, due=due, differs=differs))

    def local(self, instant: datetime | None) -> str:
        """Return an instant in the district's time."""
        return "nothing" if instant is None else f"{instant.astimezone(self.zone).replace(tzinfo=None)}"

    def begin(self, at: datetime) -> None:
        """Begin a stretch in which the clock runs."""
        self.segments.append((at, None))

    def pause(self, at: datetime) -> None:
        """End the stretch."""
        self.segments[-1] = (self.segments[-1][0], at)


def _unless(same: bool, sentence: str) -> str | None:  # noqa: FBT001 - reads as a condition
    return None if same else sentence


def _started(replay: Replay, entry: Entry) -> None:
    computed, version = entry.due, entry.calendar
    if entry.limit is not None:
        computed = replay.calendar.due(entry.at, entry.limit)
        version = replay.calendar.version_for(entry.at, max(computed, entry.at))
    same = computed == entry.due and version == entry.calendar
    says = f"{entry.limit} by {entry.calendar}" if entry.limit else "the report brought its own due instant"
    differs = _unless(
        same,
        f"{replay.local(entry.due)} by {entry.calendar} is stored, {replay.local(computed)} by {version} is computed",
    )
    replay.line(entry, says, due=computed, differs=differs)
    replay.begin(entry.at)


def _owned(replay: Replay, entry: Entry) -> None:
    replay.change(owner=entry.by)
    replay.line(entry, f"{entry.by} answers for it")


def _warned(replay: Replay, entry: Entry) -> None:
    known = entry.fraction in replay.fractions
    expected = max(floor(replay.clock), warn_at(replay.calendar, replay.clock, entry.fraction or 0.0))
    differs = _unless(
        known and expected == entry.at, f"stored at {replay.local(entry.at)}, computed at {replay.local(expected)}"
    )
    replay.line(entry, f"{(entry.fraction or 0):.0%} used", differs=differs)


def _breached(replay: Replay, entry: Entry) -> None:
    expected = max(floor(replay.clock), replay.clock.due_at)
    replay.change(breached_at=entry.at)
    differs = _unless(expected == entry.at, f"stored at {replay.local(entry.at)}, computed at {replay.local(expected)}")
    replay.line(entry, "the limit has passed", differs=differs)


def _withdrawn(replay: Replay, entry: Entry) -> None:
    replay.change(breached_at=None)
    replay.line(entry, "the breach does not count")


def _held(replay: Replay, entry: Entry) -> None:
    clock, measure = replay.clock, unit(replay.clock)
    since = clock.since or clock.start.at
    left = replay.calendar.remaining(entry.at, clock.due_at, measure)
    used = clock.used_ms + elapsed(replay.calendar, since, entry.at, measure) // _MILLISECOND
    replay.last_hold = Hold(at=entry.at, left=left, until=entry.until)
    replay.change(hold=replay.last_hold, used_ms=used)
    replay.pause(entry.at)
    until = f" until {replay.local(entry.until)}" if entry.until else ""
    differs = _unless(left == entry.left, f"{_left(entry.left)} left are stored, {_left(left)} are computed")
    replay.line(entry, f"held{until}, approved by {entry.by}, {_left(left)} left", differs=differs)


def _resumed(replay: Replay, entry: Entry) -> None:
    left = replay.last_hold.left if replay.last_hold else Remaining(unit=unit(replay.clock))
    due = replay.calendar.resume(entry.at, left)
    if replay.clock.hold is None:
        replay.segments.pop()
    replay.change(hold=None, since=entry.at, due_at=due)
    replay.begin(entry.at)
    differs = _unless(due == entry.due, f"due {replay.local(entry.due)} is stored, {replay.local(due)} is computed")
    replay.line(entry, f"runs again with {_left(left)}", due=due, differs=differs)


def _extended(replay: Replay, entry: Entry) -> None:
    clock = replay.clock
    due = replay.calendar.extend(clock.due_at, entry.limit) if entry.limit else clock.due_at
    if clock.hold is not None:
        left = replay.calendar.remaining(clock.hold.at, due, unit(clock))
        replay.last_hold = clock.hold.model_copy(update={"left": left})
    replay.change(due_at=due, hold=replay.last_hold if clock.hold else None)
    differs = _unless(due == entry.due, f"due {replay.local(entry.due)} is stored, {replay.local(due)} is computed")
    replay.line(entry, f"{entry.limit} more, approved by {entry.by}", due=due, differs=differs)


def _stopped(replay: Replay, entry: Entry) -> None:
    clock = replay.clock
    expected = Verdict.LATE if clock.breached_at is not None else judged(entry.at, clock.due_at)
    replay.change(verdict=entry.verdict, hold=None)
    void = entry.verdict is Verdict.VOID
    differs = _unless(void or entry.verdict == expected, f"{entry.verdict} is stored, {expected} is computed")
    replay.line(entry, f"verdict {entry.verdict}", differs=differs)


READ = {
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


def _left(left: Remaining | None) -> str:
    if left is None:
        return "nothing"
    return f"{left.days} days" if left.unit in DAYS else f"{left.time / MINUTE:g} minutes"

"""What there is: cases, tasks, clocks, teams, notices. Plain records that the rules in the other files change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contracts.limits import Limit, LimitUnit
from shared.district.model import Profile
from tests.support.model.days import Days, Left
from tests.support.model.routes import Route


class Refused(Exception):  # noqa: N818 - not a failure: the answer that a command gets
    """A command or report that may not be applied; `error` is the word on its dead letter."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(eq=False)
class Task:
    """One department's part in one episode. `expired`: the due instant that has been seen to pass."""

    id: str
    department: str
    role: str
    episode: int
    state: str = "assigned"
    accepted: datetime | None = None
    implied: bool = False
    completed: datetime | None = None
    held_until: datetime | None = None
    holds: int = 0
    extensions: int = 0
    asked: datetime | None = None
    expired: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether somebody is still to act on it."""
        return self.state in ("assigned", "accepted", "on_hold")

    @property
    def short(self) -> str:
        """Its part of the id: `housing#1`."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True)
class Reckoned:
    """How a clock stands: it ran last since `since` with `used` behind it, and ends at `due` unless it is held."""

    due: datetime
    since: datetime
    used: Any
    held_at: datetime | None = None
    until: datetime | None = None
    left: Left = 0


@dataclass(eq=False)
class Clock:
    """A clock is how it began and what moved it since; when it is due is reckoned anew whenever somebody asks.

    `moves`: ("hold", at, until), ("resume", at, None) or ("extend", at, limit), in the order they became known.
    """

    key: str
    kind: str
    owner: str
    start: datetime
    limit: Limit | None
    own_due: datetime | None = None
    task: Task | None = None
    stage: str = ""
    lives_from: datetime | None = None
    moves: list[tuple[str, datetime, Any]] = field(default_factory=list)
    remind: datetime | None = None
    grace: Limit | None = None
    to_warn: list[float] = field(default_factory=list)
    warned: list[float] = field(default_factory=list)
    breached: datetime | None = None
    breaches: int = 0
    withdrawn: int = 0
    verdict: str | None = None
    original_verdict: str | None = None
    stopped: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it has not ended; a held one lives."""
        return self.verdict is None

    @property
    def begins(self) -> datetime:
        """Before this instant it does nothing: a reopened case has an old limit, but nobody is told of the past."""
        return self.lives_from or self.start

    @property
    def unit(self) -> LimitUnit:
        """A report's own due instant is clock time."""
        return self.limit.unit if self.limit else LimitUnit.CLOCK_MINUTES

    def original_due(self, days: Days) -> datetime:
        """When it would be due if nothing had moved it."""
        if self.own_due is not None:
            return self.own_due
        assert self.limit is not None
        return days.due(self.start, self.limit)

    def reckon(self, days: Days) -> Reckoned:
        """Go through all moves from the beginning."""
        now = Reckoned(self.original_due(days), self.start, self.start - self.start)
        for what, at, more in self.moves:
            now = getattr(self, f"_{what}")(days, now, at, more)
        return now

    def _hold(self, days: Days, now: Reckoned, at: datetime, until: datetime | None) -> Reckoned:
        used = now.used + days.passed(now.since, at, self.spent_in)
        return Reckoned(now.due, now.since, used, at, until, days.left(at, now.due, self.unit))

    def _resume(self, days: Days, now: Reckoned, at: datetime, _: None) -> Reckoned:
        return Reckoned(days.resume(at, now.left, self.unit), at, now.used)

    def _extend(self, days: Days, now: Reckoned, _: datetime, limit: Limit) -> Reckoned:
        due = days.extend(now.due, limit)
        left = now.left if now.held_at is None else days.left(now.held_at, due, self.unit)
        return Reckoned(due, now.since, now.used, now.held_at, now.until, left)

    @property
    def spent_in(self) -> LimitUnit:
        """What counts for warnings: worked time for working days, all time for calendar days."""
        whole_days = {
            LimitUnit.WORKING_DAYS: LimitUnit.WORKING_MINUTES,
            LimitUnit.CALENDAR_DAYS: LimitUnit.CLOCK_MINUTES,
        }
        return whole_days.get(self.unit, self.unit)


@dataclass(eq=False)
class Seat:
    """A department's place in a team. `by` has been sent in its stead; `called` and `due` are of its first whistle.

    `absent` is when it was last said that nobody was in it.
    """

    department: str
    required: bool
    called: datetime
    due: datetime
    by: str = ""
    coming: bool | None = None
    answered: datetime | None = None
    absences: int = 0
    absent: datetime | None = None
    present: datetime | None = None

    @property
    def holder(self) -> str:
        """Who is expected."""
        return self.by or self.department


Spot = tuple[float | None, float | None, str | None]
"""Longitude, latitude, address."""


@dataclass(eq=False)
class Team:
    """A joint team, from the first whistle to the stand-down.

    Every whistle is a round; `added` of them only called further members. `failed`: the present round has no quorum.
    """

    number: int
    whistled: datetime
    seats: list[Seat] = field(default_factory=list)
    round: int = 0
    summoned: datetime | None = None
    muster_by: datetime | None = None
    quorum: int = 0
    place: Spot = (None, None, None)
    added: int = 0
    mustered: bool = False
    failed: datetime | None = None
    on_scene: datetime | None = None
    ended: datetime | None = None


@dataclass(eq=False)
class CaseFile:
    """One case for life. `clocks`, `level`, `team` are its time; the rest is what was decided about it.

    `profile` is the one it was opened under; it is judged by that whatever the district decides later. `ground` is the
    one whose cut moved it, if one did: it says what is called how where the case lies.
    """

    profile: Profile
    id: str
    partner: str
    report_id: str
    opened_at: datetime
    severity: int
    place: dict[str, Any]
    report: dict[str, Any]
    own_due: datetime | None = None
    state: str = "triage"
    episode: int = 1
    category: str | None = None
    route: Route | None = None
    lead: str = ""
    assists: tuple[str, ...] = ()
    tasks: list[Task] = field(default_factory=list)
    refusals: int = 0
    merged: int = 0
    links: set[str] = field(default_factory=set)
    outcome: str | None = None
    ended_at: datetime | None = None
    closing: str | None = None
    recheck: datetime | None = None
    clocks: list[Clock] = field(default_factory=list)
    level: int = 0
    team: Team | None = None
    nonces: set[str] = field(default_factory=set)
    refusers: list[str] = field(default_factory=list)
    arbitrating: str = ""
    dispute: Any = None
    pledges: Any = None
    owners: dict[int, str] = field(default_factory=dict)
    confirmation: str = ""
    way: str | None = None
    ground: Profile | None = None

    @property
    def open(self) -> bool:
        """Whether it is neither closed nor withdrawn."""
        return self.state not in ("closed", "withdrawn")

    @property
    def is_dispute(self) -> bool:
        """Whether it is a dispute by its category."""
        return (self.category or "").startswith("D")

    def current(self) -> list[Task]:
        """The tasks of this episode."""
        return [task for task in self.tasks if task.episode == self.episode]

    def live_clocks(self, *kinds: str, task: Task | None = None) -> list[Clock]:
        """The clocks that have not ended, of some kinds, of one task."""
        return [
            clock
            for clock in self.clocks
            if clock.live and (not kinds or clock.kind in kinds) and task in (None, clock.task)
        ]

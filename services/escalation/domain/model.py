"""What escalation remembers of a case: its clocks with their ledgers, the level it rose to, the joint team.

Lives here: the shape of the document and how a limit is written in it. Must not live here: any rule.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, PlainSerializer

from shared.contracts.advisories import AdvisoryKind
from shared.contracts.escalations import ClockKind, Place, Verdict
from shared.contracts.incidents import Subject
from shared.contracts.limits import Limit
from shared.decision import Stored
from shared.district.calendar import Remaining

StoredLimit = Annotated[Limit, PlainSerializer(str, return_type=str)]
"""A limit, kept as `4 working_hours`."""


def _plain(left: Remaining) -> dict[str, Any]:
    return left.model_dump(mode="json", exclude_defaults=True)


StoredRemaining = Annotated[Remaining, PlainSerializer(_plain, return_type=dict[str, Any])]
"""What was left of a limit; its length is kept as ISO 8601, for the database knows no lengths of time."""


class What(StrEnum):
    """What an entry of a clock's ledger says."""

    STARTED = "started"
    OWNED = "owned"
    WARNED = "warned"
    BREACHED = "breached"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    RESUMED = "resumed"
    EXTENDED = "extended"
    STOPPED = "stopped"


class Entry(Stored):
    """One line of a ledger. `at` is when it took effect, `due` the due instant from then on where the entry moved it.

    `by` is who approved a hold or extension, or who owns the clock now.
    """

    what: What
    at: AwareDatetime
    due: AwareDatetime | None = None
    limit: StoredLimit | None = None
    calendar: str = ""
    left: StoredRemaining | None = None
    until: AwareDatetime | None = None
    fraction: float | None = None
    verdict: Verdict | None = None
    by: str = ""


class Hold(Stored):
    """A clock stands still since `at` with `left` on it; at `until` it goes on by itself."""

    at: AwareDatetime
    left: StoredRemaining
    until: AwareDatetime | None = None


class Clock(Stored):
    """One clock. `key` is unique in the case; `task` is the task's part of its id (`housing#1`), none for the case's.

    `since` and `used_ms` say how much of the limit (working time for working units) had been used when the clock last
    began to run. `next_at` is when it next does something: a warning, the breach, the end of a hold. A clock of a
    reopened case has an old due instant but does nothing before `live_from`. With a `verdict` it has ended.
    `edge`: it stopped in time with next to nothing left.
    What parties promised is reminded of once, at `remind_at`, and has a `grace` to begin when it is due.
    """

    key: str
    kind: ClockKind
    owner: str
    task: str = ""
    stage: str = ""
    due_at: AwareDatetime
    next_at: AwareDatetime | None = None
    live_from: AwareDatetime | None = None
    since: AwareDatetime | None = None
    used_ms: int = 0
    warned: int = 0
    remind_at: AwareDatetime | None = None
    grace: StoredLimit | None = None
    breached_at: AwareDatetime | None = None
    edge: bool = False
    hold: Hold | None = None
    verdict: Verdict | None = None
    ledger: tuple[Entry, ...]

    @property
    def live(self) -> bool:
        """Whether the clock has not ended; a held one is live."""
        return self.verdict is None

    @property
    def start(self) -> Entry:
        """How it began: start, limit and calendar version."""
        return self.ledger[0]

    @property
    def original_due_at(self) -> AwareDatetime:
        """The due instant before any hold or extension, kept for the statistics."""
        return self.start.due or self.due_at


class Seat(Stored):
    """A department's place in the team; `by` is who comes in its stead.

    `called_at` and `due_at` are the whistle and the muster time it was first called with; `silent` means that it had
    not answered in time, `absences` in how many rounds it was not there in time, `absent_at` when that was last said.
    """

    department: str
    required: bool = True
    by: str = ""
    called_at: AwareDatetime
    due_at: AwareDatetime
    coming: bool | None = None
    answered_at: AwareDatetime | None = None
    eta: AwareDatetime | None = None
    silent: bool = False
    absences: int = 0
    absent_at: AwareDatetime | None = None
    present_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
    distance_m: float | None = None

    @property
    def holder(self) -> str:
        """The department that is expected in this seat."""
        return self.by or self.department


class Team(Stored):
    """A joint team (联合处置队伍): one life from the first whistle to the stand-down, in rounds.

    Every whistle is a `round`; `added` says how many of them only called further members, in the course of a round that
    was running. `failed_at` is when it was said that the present round has no quorum.
    """

    number: int
    round: int = 1
    whistled_at: AwareDatetime
    summoned_at: AwareDatetime
    answer_by: AwareDatetime
    muster_by: AwareDatetime
    quorum: int
    place: Place = Place()
    reason: str
    seats: tuple[Seat, ...]
    answers_checked: bool = False
    mustered: bool = False
    added: int = 0
    failed_at: AwareDatetime | None = None
    on_scene_at: AwareDatetime | None = None
    nonces: tuple[str, ...] = ()
    ended_at: AwareDatetime | None = None
    ended_because: str = ""

    @property
    def live(self) -> bool:
        """Whether the team has not been stood down."""
        return self.ended_at is None

    @property
    def musters(self) -> int:
        """How often everybody was called to be there at a time."""
        return self.round - self.added


class Advice(Stored):
    """What a file proposes, and what became of it. `measure_at` is when the reports are to be counted again."""

    source: str
    rule: str
    kind: AdvisoryKind
    addressee: str
    subject: Subject | None = None
    category: str | None = None
    area: str | None = None
    proposed_at: AwareDatetime
    issued_at: AwareDatetime | None = None
    replied_at: AwareDatetime | None = None
    measure_at: AwareDatetime | None = None
    measured_at: AwareDatetime | None = None


class Phase(StrEnum):
    """How far a case is, as much as time needs to know."""

    TRIAGE = "triage"
    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def ended(self) -> bool:
        """Whether no clock and no team may live."""
        return self in (Phase.CLOSED, Phase.WITHDRAWN)


class Case(Stored):
    """The time of one case. Policies are those of `profile_version` for as long as the case lives.

    `arbitrating` is the role whose refusal the centre must settle, `numbers` counts what the case has had several of,
    `next_at` is the earliest instant at which anything happens by itself; an open case always has one. `ground` is the
    version whose cut of the grids moved the case, and so the map it lies on since. `sources` are what it counts for
    (`advising.py`). With `advice` or `flagged` it is a file on a source or a department.
    """

    district: str
    case_id: str
    profile_version: int
    phase: Phase
    began_at: AwareDatetime
    severity: int
    episode: int = 1
    level: int = 0
    lead: str = ""
    assists: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    place: Place = Place()
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    ground: int | None = None
    clocks: tuple[Clock, ...] = ()
    arbitrating: str = ""
    numbers: dict[str, int] = Field(default_factory=dict)
    team: Team | None = None
    subject: Subject | None = None
    sources: tuple[str, ...] = ()
    advice: Advice | None = None
    flagged: tuple[str, ...] = ()
    next_at: AwareDatetime | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file and no case."""
        return self.advice is not None or bool(self.flagged)

"""What escalation says of time: clocks, levels, the whistle and its team, on `gw.<d>.escalations`."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.base import Contract, Event, Instant
from shared.contracts.limits import Limit


class ClockKind(StrEnum):
    """What a clock measures; at most one live clock per case, kind and owner (stages count as kinds of their own)."""

    TRIAGE = "triage"
    CASE = "case"
    ACCEPT = "accept"
    STAGE = "stage"
    HANDLE = "handle"
    ARBITRATE = "arbitrate"
    VERIFY = "verify"
    TIER = "tier"
    MEDIATION = "mediation"
    OBLIGATION = "obligation"
    FOLLOW_UP = "follow_up"
    CONFIRM = "confirm"
    APPEAL = "appeal"
    REPLY = "reply"


class Verdict(StrEnum):
    """How a clock ended; `void` when what it measured ceased to matter (re-routed, withdrawn)."""

    ON_TIME = "on_time"
    LATE = "late"
    VOID = "void"


class EscalationEvent(Event):
    """A fact about the time of a case."""

    topic: ClassVar[str] = "escalations"
    episode: int = 1


class ClockEvent(EscalationEvent):
    """A fact about one clock; `owner` is the department that answers for it."""

    clock_id: str
    kind: ClockKind
    owner: str
    task_id: str | None = None
    due_at: Instant


class ClockStarted(ClockEvent):
    """A clock runs. `calendar` names the calendar version that its due instant was computed by."""

    type: ClassVar[str] = "gridwhistle.clock.started.v1"

    started_at: Instant
    limit: Limit | None = Field(default=None, description="absent when the report brought its own due instant")
    calendar: str = ""


class ClockWarned(ClockEvent):
    """The clock has run through `fraction` of its limit."""

    type: ClassVar[str] = "gridwhistle.clock.warned.v1"

    fraction: float


class ClockBreached(ClockEvent):
    """The limit has passed. Emitted once per clock unless a hold or extension moved the due instant later."""

    type: ClassVar[str] = "gridwhistle.clock.breached.v1"

    late_by: float = Field(description="seconds between the due instant and this record")


class ClockBreachWithdrawn(ClockEvent):
    """What the clock measured turned out to have happened in time; the breach does not count."""

    type: ClassVar[str] = "gridwhistle.clock.breach-withdrawn.v1"


class ClockExtensionIgnored(ClockEvent):
    """An extension of `limit` does not count for this clock: it was asked for at or after its due instant.

    The router can grant one before it has heard of the breach. The due instant and the breach stand.
    """

    type: ClassVar[str] = "gridwhistle.clock.extension-ignored.v1"

    asked_at: Instant
    limit: Limit


class ClockStopped(ClockEvent):
    """The clock ended, with its verdict by `occurred_at`; `late_by` in seconds, 0 when in time."""

    type: ClassVar[str] = "gridwhistle.clock.stopped.v1"

    verdict: Verdict
    original_due_at: Instant
    original_verdict: Verdict
    late_by: float = 0


class CaseEscalated(EscalationEvent):
    """The case rose to `level` (1 department head, 2 centre director, 3 whistle); within an episode only upwards."""

    type: ClassVar[str] = "gridwhistle.case.escalated.v1"

    level: int
    reason: str
    owner: str
    clock_id: str | None = None


class TeamMember(Contract):
    """A department called to the place."""

    department: str
    required: bool = True


class Place(Contract):
    """Where the team musters, WGS-84; without coordinates the geofence is not checked."""

    lon: float | None = None
    lat: float | None = None
    address: str | None = None


class TeamEvent(EscalationEvent):
    """A fact about a joint team; `round` counts whistles for the same team."""

    team_id: str
    round: int = 1


class TeamSummoned(TeamEvent):
    """The whistle was blown (吹哨): each member must answer by `answer_by` and be on site by `muster_by`."""

    type: ClassVar[str] = "gridwhistle.team.summoned.v1"

    members: tuple[TeamMember, ...]
    place: Place
    answer_by: Instant
    muster_by: Instant
    quorum: int
    reason: str


class MemberEvent(TeamEvent):
    """A fact about one member."""

    department: str


class TeamAnswered(MemberEvent):
    """The member answered for itself."""

    type: ClassVar[str] = "gridwhistle.team.answered.v1"

    coming: bool
    eta: Instant | None = None
    reason: str | None = None


class TeamCheckedIn(MemberEvent):
    """The member reported on site (报到); `muster_seconds` from the whistle to `occurred_at`."""

    type: ClassVar[str] = "gridwhistle.team.checked-in.v1"

    distance_m: float | None = None
    on_time: bool
    muster_seconds: float


class TeamSubstituted(MemberEvent):
    """The member sends `by` in its place, which has to be at the place by `muster_by`."""

    type: ClassVar[str] = "gridwhistle.team.substituted.v1"

    by: str
    place: Place | None = None
    muster_by: Instant | None = None


class TeamAbsent(MemberEvent):
    """The member was not there by the muster time; its leader is told."""

    type: ClassVar[str] = "gridwhistle.team.absent.v1"

    answered: bool


class TeamOnScene(TeamEvent):
    """The quorum is on site."""

    type: ClassVar[str] = "gridwhistle.team.on-scene.v1"

    present: tuple[str, ...]
    muster_seconds: float


class TeamMusterFailed(TeamEvent):
    """No quorum by the muster time; a further round follows while the profile allows one."""

    type: ClassVar[str] = "gridwhistle.team.muster-failed.v1"

    present: tuple[str, ...]
    absent: tuple[str, ...]


class TeamStoodDown(TeamEvent):
    """The team goes home: the lead completed, the case ended, or the centre said so."""

    type: ClassVar[str] = "gridwhistle.team.stood-down.v1"

    reason: str
    seconds: float = Field(description="from the first whistle")

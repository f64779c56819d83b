"""What the router says of cases and tasks, on `gw.<d>.cases`."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event, Instant
from shared.contracts.incidents import Subject, Suggestion, SurgeKind
from shared.contracts.limits import Limit, Stage


class TaskRole(StrEnum):
    """The lead answers for the case; an assist helps."""

    LEAD = "lead"
    ASSIST = "assist"


class Outcome(StrEnum):
    """How a case ended. A dispute: its agreement was fulfilled, a court or arbitration judged, the parties withdrew."""

    SOLVED = "solved"
    SOLVED_UNVERIFIED = "solved_unverified"
    FULFILLED = "fulfilled"
    JUDGED = "judged"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"


class CaseEvent(Event):
    """A fact about a case; `episode` counts openings, 1 for the first."""

    topic: ClassVar[str] = "cases"
    episode: int = 1


class CaseTriaged(CaseEvent):
    """A report without a usable category waits for a human (分拣); `limit` is how long it may wait.

    `suggested` is what the text suggests, where that is not sure enough to open the case by itself.
    """

    type: ClassVar[str] = "gridwhistle.case.triaged.v1"

    reason: str
    suggested: Suggestion | None = None
    limit: Limit
    severity: int
    text: str = ""
    address: str | None = None
    lon: float | None = None
    lat: float | None = None
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    partner: str
    profile_version: int
    surge: SurgeKind | None = Field(default=None, description="of the parent case of a surge (群体性事件): what kind")


class CaseOpened(CaseEvent):
    """A case has a category, departments and limits. Consumers may assume one per case and no task before it.

    `opened_at` is when the reporter's clock began (the believed time of the report); it never moves. `limits` is the
    whole case's limit in stages (the lead's), `due_at` a limit of the report's own that overrides it. Place in WGS-84.
    """

    type: ClassVar[str] = "gridwhistle.case.opened.v1"

    opened_at: Instant
    category: str
    category_name: str = ""
    suggested: Suggestion | None = Field(default=None, description="what the text suggested, where it was asked")
    rule: str
    severity: int
    lead: str
    assists: tuple[str, ...] = ()
    joint: bool = False
    whistle: bool | None = Field(default=None, description="whether the whistle is blown at opening (吹哨)")
    profile_version: int
    limits: tuple[Stage, ...] = ()
    accept_limit: Limit | None = None
    verify_limit: Limit | None = None
    due_at: Instant | None = None
    text: str = ""
    address: str | None = None
    lon: float | None = None
    lat: float | None = None
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    partner: str
    partner_kind: PartnerKind
    notice: str | None = Field(default=None, description="the profile's notice policy by which the case is told")
    surge: SurgeKind | None = Field(default=None, description="of the parent case of a surge (群体性事件): what kind")
    subject: Subject | None = Field(default=None, description="what it is about; a person is only a reference")


class TaskEvent(CaseEvent):
    """A fact about one task of a case; `task_id` = case id `/` department `#` n."""

    task_id: str
    department: str
    role: TaskRole = TaskRole.LEAD


class TaskAssigned(TaskEvent):
    """A department must act from `occurred_at` on; `due_at`, the report's own limit, overrides the stages."""

    type: ClassVar[str] = "gridwhistle.task.assigned.v1"

    accept_limit: Limit | None = None
    stages: tuple[Stage, ...] = ()
    due_at: Instant | None = None
    reason: str = "opened"


class TaskAccepted(TaskEvent):
    """The department took the task on."""

    type: ClassVar[str] = "gridwhistle.task.accepted.v1"


class TaskProgressed(TaskEvent):
    """The department reported progress; `stage` names the stage it ends, if any."""

    type: ClassVar[str] = "gridwhistle.task.progressed.v1"

    stage: str | None = None
    note: str | None = None


class TaskCompleted(TaskEvent):
    """The department finished its part; `evidence` counts the references it gave."""

    type: ClassVar[str] = "gridwhistle.task.completed.v1"

    evidence: int = 0


class TaskReturned(TaskEvent):
    """The department refused (退单): the `count`-th refusal of this case, of `allowed`."""

    type: ClassVar[str] = "gridwhistle.task.returned.v1"

    reason: str
    suggest: str | None = None
    count: int
    allowed: int
    arbitrate_limit: Limit | None = Field(default=None, description="within which the centre decides who does it")


class TaskHoldRequested(TaskEvent):
    """The department asks for a hold that the centre must approve by giving `task.hold` itself."""

    type: ClassVar[str] = "gridwhistle.task.hold-requested.v1"

    reason: str
    until: Instant | None = None


class TaskHeld(TaskEvent):
    """The task's clock stands still (挂起) from `occurred_at`, until resumed or `until`."""

    type: ClassVar[str] = "gridwhistle.task.held.v1"

    reason: str
    approved_by: str
    until: Instant | None = None


class TaskResumed(TaskEvent):
    """The task's clock runs again from `occurred_at`."""

    type: ClassVar[str] = "gridwhistle.task.resumed.v1"


class TaskExtensionRequested(TaskEvent):
    """The department asks for more time, which the centre must approve by giving `task.extend` itself."""

    type: ClassVar[str] = "gridwhistle.task.extension-requested.v1"

    reason: str
    limit: Limit


class TaskExtended(TaskEvent):
    """The task's limit is longer by `limit`; the original one is kept for the statistics."""

    type: ClassVar[str] = "gridwhistle.task.extended.v1"

    reason: str
    limit: Limit
    approved_by: str
    count: int
    asked_at: Instant | None = Field(
        default=None, description="when it was asked for; a clock that had run out by then is not extended"
    )


class TaskSuperseded(TaskEvent):
    """The task is nobody's any more: re-routed, withdrawn or closed over."""

    type: ClassVar[str] = "gridwhistle.task.superseded.v1"

    reason: str


class CaseResolved(CaseEvent):
    """The lead and every required assist have completed; verification may start."""

    type: ClassVar[str] = "gridwhistle.case.resolved.v1"

    verify_limit: Limit | None = None


class CaseVerified(CaseEvent):
    """Somebody looked: solved (`ok`) or not; a failed verification is followed by `case.reopened`."""

    type: ClassVar[str] = "gridwhistle.case.verified.v1"

    ok: bool
    by: str
    reason: str | None = None


class CaseClosed(CaseEvent):
    """The end of an episode; `handling_seconds` from the reporter's clock to the lead's completion."""

    type: ClassVar[str] = "gridwhistle.case.closed.v1"

    outcome: Outcome
    handling_seconds: float
    category: str
    department: str


class CaseReopened(CaseEvent):
    """The case lives again in a new episode; the reporter's clock is the old one."""

    type: ClassVar[str] = "gridwhistle.case.reopened.v1"

    reason: str


class CaseWithdrawn(CaseEvent):
    """The centre ended the case without a solution."""

    type: ClassVar[str] = "gridwhistle.case.withdrawn.v1"

    reason: str


class CaseLinked(CaseEvent):
    """The case is tied to `other`; with `parent` it is a child of the surge that `other` is."""

    type: ClassVar[str] = "gridwhistle.case.linked.v1"

    other: str
    reason: str | None = None
    parent: bool = False

"""A case (案件) and its tasks as the router keeps them: small, frozen, nothing that only other services need.

The text of a report stays only while the case waits in triage; what a task's clock shows is escalation's.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from services.router.domain.dispute import Dispute
from services.router.domain.promises import Promises
from shared.contracts.actors import PartnerKind
from shared.contracts.cases import Outcome, TaskRole
from shared.contracts.ids import task_id
from shared.contracts.incidents import Subject, Suggestion, SurgeKind
from shared.contracts.limits import Limit, Stage
from shared.decision import Stored


class CaseState(StrEnum):
    """Where a case stands; within an episode it only moves down this list, or out by withdrawal."""

    TRIAGE = "triage"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class TaskState(StrEnum):
    """Where a task stands. A hold is a pause: the task comes back to where it was."""

    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    RETURNED = "returned"
    SUPERSEDED = "superseded"


OPEN = frozenset({CaseState.TRIAGE, CaseState.DISPATCHED, CaseState.IN_PROGRESS, CaseState.RESOLVED})
WORKED_ON = frozenset({CaseState.DISPATCHED, CaseState.IN_PROGRESS})
LIVE = frozenset({TaskState.ASSIGNED, TaskState.ACCEPTED, TaskState.ON_HOLD})

MAX_TASKS = 200
"""Tasks of one case over its whole life. A partner system that re-assigned in a loop would otherwise grow the document
past what the database takes, and the case could not be saved at all."""


class Task(Stored):
    """One department's part (任务) in one episode; `number` counts the case's tasks for that department.

    `implied`: nobody said "accepted", it follows from later work. `asked_at`: when the department last asked for an
    extension that nobody has granted yet. `expired_at`: the due instant that escalation saw pass.
    """

    department: str
    number: int = 1
    role: TaskRole = TaskRole.LEAD
    state: TaskState = TaskState.ASSIGNED
    episode: int = 1
    accepted_at: datetime | None = None
    implied: bool = False
    completed_at: datetime | None = None
    held_until: datetime | None = None
    holds: int = 0
    asked_at: datetime | None = None
    extensions: int = 0
    expired_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether somebody is still to act on it."""
        return self.state in LIVE

    def changed(self, **update: Any) -> Task:
        """Return the task with other values."""
        return self.model_copy(update=update)


class Terms(Stored):
    """What routing settled when the case was opened: limits and evidence, the same for every later assignment."""

    accept: Limit | None = None
    stages: tuple[Stage, ...] = ()
    verify: Limit | None = None
    media: int = 0
    mime: tuple[str, ...] = ()


class Waiting(Stored):
    """What a human needs to classify a report, and routing needs afterwards; kept while the case is in triage."""

    text: str = ""
    address: str | None = None
    lon: float | None = None
    lat: float | None = None
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    severity: int | None = None
    partner_kind: PartnerKind
    suggested: Suggestion | None = None
    subject: Subject | None = None
    batch: str | None = None


class Case(Stored):
    """One case. `opened_at` is when the reporter's clock began and never moves; `due_at` a limit of the report's own.

    `apart` are the numbers of reports that were merged into it and taken out again. A parent case has a `surge` and
    counts its `children`; a child has a `parent`.
    `closing` is the outcome that waits for a linked dispute to end, looked at again at `recheck_at`. `dispute` is there
    where the profile has disputes mediated: such a case is worked on in tiers, not in tasks.
    """

    case_id: str
    district: str
    profile_version: int
    partner: str
    report_id: str
    opened_at: datetime
    state: CaseState
    episode: int = 1
    severity: int = 3
    category: str | None = None
    rule: str | None = None
    lead: str = ""
    assists: tuple[str, ...] = ()
    due_at: datetime | None = None
    terms: Terms = Terms()
    tasks: tuple[Task, ...] = ()
    refusals: int = 0
    merged: int = 0
    reporters: int = 0
    apart: tuple[str, ...] = ()
    surge: SurgeKind | None = None
    children: int = 0
    parent: str | None = None
    links: tuple[str, ...] = ()
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    closing: Outcome | None = None
    recheck_at: datetime | None = None
    waiting: Waiting | None = None
    dispute: Dispute | None = None
    promises: Promises = Promises()

    @property
    def open(self) -> bool:
        """Whether the case is neither closed nor withdrawn."""
        return self.state in OPEN

    @property
    def is_dispute(self) -> bool:
        """Whether the case is a dispute (矛盾纠纷) by its category."""
        return (self.category or "").startswith("D")

    def id_of(self, task: Task) -> str:
        """Return the task's id on the bus."""
        return task_id(self.case_id, task.department, task.number)

    def find(self, wanted: str) -> Task | None:
        """Return the task under an id."""
        return next((task for task in self.tasks if self.id_of(task) == wanted), None)

    def current(self) -> list[Task]:
        """Return the tasks of this episode."""
        return [task for task in self.tasks if task.episode == self.episode]

    def named(self) -> dict[str, TaskRole]:
        """Return who has to complete for the case to be resolved, in which role."""
        return {self.lead: TaskRole.LEAD, **dict.fromkeys(self.assists, TaskRole.ASSIST)}

    def lead_task(self) -> Task | None:
        """Return the task by which the present lead completed, if it has."""
        return next((task for task in reversed(self.current()) if self._completed_as_lead(task)), None)

    def _completed_as_lead(self, task: Task) -> bool:
        done = task.state is TaskState.COMPLETED
        return done and task.department == self.lead and task.role is TaskRole.LEAD


def next_due(case: Case) -> datetime | None:
    """Return when the case is to be looked at without being asked: a hold ends, or a closing is tried again."""
    holds = [task.held_until for task in case.tasks if task.state is TaskState.ON_HOLD and task.held_until]
    counts = case.dispute.count_at if case.dispute is not None else None
    return min([*holds, *(one for one in (case.recheck_at, counts) if one)], default=None)


def index_of(case: Case) -> dict[str, Any]:
    """Return the fields beside the state that queries need: what is open and at work for the gauges, and the links."""
    work = sorted(f"{task.department}/{task.state}" for task in case.tasks if task.live)
    return {
        "open": f"{case.district}/{case.state}" if case.open else None,
        "work": " ".join(work) if case.open else None,
        "links": list(case.links) or None,
        **(case.dispute.index(case.district, case.outcome, open_=case.open) if case.dispute is not None else {}),
        **({"listed": case.promises.listed(case.district)} if case.promises.listings else {}),
    }

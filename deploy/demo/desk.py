"""What the simulated partners know of cases: only what the system has said on the bus, kept per case."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.contracts import cases as said
from shared.contracts import escalations as timed
from shared.contracts.base import Event

LIVE = frozenset({"assigned", "accepted"})


@dataclass(slots=True)
class TaskFile:
    """A task as its department sees it in its own list."""

    id: str
    department: str
    role: said.TaskRole
    state: str = "assigned"


@dataclass(slots=True)
class CaseFile:
    """A case as its partners see it."""

    id: str
    state: str = "new"
    episode: int = 1
    lon: float | None = None
    lat: float | None = None
    township: str | None = None
    severity: int = 3
    lead: str = ""
    category: str = ""
    tasks: dict[str, TaskFile] = field(default_factory=dict)
    returned_by: list[str] = field(default_factory=list)
    present: set[str] = field(default_factory=set)

    @property
    def live_tasks(self) -> list[TaskFile]:
        """The tasks somebody still has to do."""
        return [task for task in self.tasks.values() if task.state in LIVE]

    @property
    def assists(self) -> tuple[str, ...]:
        """The departments that assist now."""
        return tuple(task.department for task in self.live_tasks if task.role is said.TaskRole.ASSIST)


TASK_STATES: dict[type[Event], str] = {
    said.TaskAccepted: "accepted",
    said.TaskCompleted: "completed",
    said.TaskReturned: "returned",
    said.TaskHeld: "held",
    said.TaskResumed: "accepted",
    said.TaskSuperseded: "superseded",
}
CASE_STATES: dict[type[Event], str] = {
    said.CaseTriaged: "triage",
    said.CaseOpened: "open",
    said.CaseResolved: "resolved",
    said.CaseClosed: "closed",
    said.CaseReopened: "open",
    said.CaseWithdrawn: "withdrawn",
}


class Desk:
    """The files of every case, kept up to date by what is heard."""

    def __init__(self) -> None:
        self._files: dict[str, CaseFile] = {}

    def file(self, case_id: str) -> CaseFile:
        """Return the file of a case, a new one when nothing has been heard of it."""
        return self._files.setdefault(case_id, CaseFile(case_id))

    def note(self, event: Event) -> None:
        """Write down what was said."""
        file = self.file(event.case_id)
        file.state = CASE_STATES.get(type(event), file.state)
        match event:
            case said.CaseOpened():
                _opened(file, event)
            case said.TaskAssigned():
                _assigned(file, event)
            case said.TaskEvent():
                _moved(file, event)
            case said.CaseReopened():
                file.episode = event.episode
            case timed.TeamCheckedIn():
                file.present.add(event.department)
            case _:
                pass


def _opened(file: CaseFile, event: said.CaseOpened) -> None:
    file.lon, file.lat, file.township = event.lon, event.lat, event.township
    file.severity, file.lead, file.category = event.severity, event.lead, event.category


def _assigned(file: CaseFile, event: said.TaskAssigned) -> None:
    file.tasks[event.task_id] = TaskFile(event.task_id, event.department, event.role)
    if event.role is said.TaskRole.LEAD:
        file.lead = event.department


def _moved(file: CaseFile, event: said.TaskEvent) -> None:
    state = TASK_STATES.get(type(event))
    task = file.tasks.get(event.task_id)
    if task is not None and state is not None:
        task.state = state
    if isinstance(event, said.TaskReturned):
        file.returned_by.append(event.department)

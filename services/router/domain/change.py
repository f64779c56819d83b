"""The grammar of a decision: what it may look at (`View`), what it builds up (`Change`), how it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.router.domain.model import Case, Task, TaskState
from shared.contracts.cases import CaseEvent, TaskSuperseded
from shared.decision import Decision, Rejected
from shared.district.lookup import DirectoryIndex


@dataclass(frozen=True, slots=True)
class Mediating:
    """What disputes need: open disputes by mediator, the parent of a household's file, the files of a parent.

    `files` are counts by how they stand (see `Dispute.standing`).
    """

    loads: Mapping[str, int] = field(default_factory=dict)
    parent: Case | None = None
    files: Mapping[str, int] = field(default_factory=dict)


_NOTHING = Mediating()


@dataclass(frozen=True, slots=True)
class View:
    """What a decision may look at besides the case and the event.

    `index` is the district profile in the version of the case. `open_disputes` are linked disputes still open;
    `other_missing` says that there is no case under the id a link names. `mediation` is what concerns disputes only.
    """

    now: datetime
    index: DirectoryIndex
    open_disputes: tuple[str, ...] = ()
    other_missing: bool = False
    mediation: Mediating = _NOTHING

    def load(self, mediator: str) -> int:
        """Return how many disputes a mediator had when the batch was prepared."""
        return self.mediation.loads.get(mediator, 0)


@dataclass(frozen=True, slots=True)
class Change:
    """A case on its way through a decision, with the events so far, in order."""

    case: Case
    events: tuple[CaseEvent, ...] = ()

    def add(self, *events: CaseEvent, **update: Any) -> Change:
        """Return the change with more events and other values of the case."""
        case = self.case.model_copy(update=update) if update else self.case
        return Change(case, (*self.events, *events))

    def put(self, task: Task, *events: CaseEvent) -> Change:
        """Return the change with a new version of one task."""
        key = (task.department, task.number)
        tasks = tuple(task if (one.department, one.number) == key else one for one in self.case.tasks)
        return self.add(*events, tasks=tasks)

    def supersede(self, tasks: Iterable[Task], at: datetime, reason: str, view: View) -> Change:
        """Return the change with tasks taken away from their departments."""
        change = self
        for task in tasks:
            gone = task.changed(state=TaskState.SUPERSEDED)
            change = change.put(gone, TaskSuperseded(**told_of(change.case, gone, at, view), reason=reason))
        return change

    def decided(self, reason: str) -> Decision[Case]:
        """Return the decision."""
        return Decision(self.case, reason, self.events)


def unchanged(case: Case, reason: str) -> Decision[Case]:
    """Return the decision that changes nothing: a fact that came too late, or is nobody's business here."""
    return Decision(case, reason)


def told(case: Case, at: datetime, view: View) -> dict[str, Any]:
    """Return what every event about a case says."""
    return {
        "district": case.district,
        "case_id": case.case_id,
        "episode": case.episode,
        "occurred_at": at,
        "recorded_at": view.now,
    }


def told_of(case: Case, task: Task, at: datetime, view: View) -> dict[str, Any]:
    """Return what every event about a task says; late news of an earlier episode belongs to that one."""
    of_task = {"task_id": case.id_of(task), "department": task.department, "role": task.role}
    return {**told(case, at, view), **of_task, "episode": task.episode}


def illegal(sentence: str, state_met: str) -> Rejected:
    """Return the refusal of a command that the present state does not allow."""
    return Rejected("illegal-transition", sentence, state_met)


def invalid(sentence: str, state_met: str) -> Rejected:
    """Return the refusal of a command that makes no sense in itself."""
    return Rejected("invalid-command", sentence, state_met)

"""Who does it: tasks for departments at opening, at reopening, and when the centre re-routes (派单, 改派)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.router.domain.change import Change, View, illegal, told_of, unchanged
from services.router.domain.closing import after_work, resolve_if_done
from services.router.domain.model import MAX_TASKS, WORKED_ON, Case, Task, TaskState
from shared.contracts.cases import TaskAssigned, TaskRole
from shared.contracts.commands import AssignCase, Command
from shared.decision import Decision, Rejected

Roles = Mapping[str, TaskRole]


def start_of(cause: Command) -> datetime:
    """Return when a new task's clocks start: not before the system could have told the department."""
    return max(cause.occurred_at, cause.recorded_at)


def assign(change: Change, wanted: Roles, at: datetime, reason: str, view: View) -> Change:
    """Give each department a new task in its role.

    Raises:
        Rejected: the case has had more tasks than any case needs.
    """
    case = change.case
    new = [_new_task(case, department, role) for department, role in wanted.items()]
    if len(case.tasks) + len(new) > MAX_TASKS:
        raise illegal(f"The case has had {len(case.tasks)} tasks; no case may have more than {MAX_TASKS}.", case.state)
    events = [_assigned(case, task, at, reason, view) for task in new]
    return change.add(*events, tasks=(*case.tasks, *new))


def _new_task(case: Case, department: str, role: TaskRole) -> Task:
    number = 1 + sum(task.department == department for task in case.tasks)
    return Task(department=department, number=number, role=role, episode=case.episode)


def _assigned(case: Case, task: Task, at: datetime, reason: str, view: View) -> TaskAssigned:
    """Return the event; the report's own limit is the lead's only clock, and it is never a new one."""
    facts = told_of(case, task, at, view)
    if case.due_at is not None and task.role is TaskRole.LEAD:
        return TaskAssigned(**facts, due_at=case.due_at, reason=reason)
    return TaskAssigned(**facts, accept_limit=case.terms.accept, stages=case.terms.stages, reason=reason)


def decide_assign(case: Case, command: AssignCase, view: View) -> Decision[Case]:
    """Re-route: who keeps its role keeps its task and clock; the reporter's clock is never touched.

    Returned tasks are superseded too: that tells everybody that the centre has decided about the refusal, even when it
    names nobody new.
    """
    if case.state not in WORKED_ON:
        raise illegal(f"A case that is {case.state} cannot be assigned.", case.state)
    if case.dispute is not None:
        raise illegal("A dispute is given a mediator (mediation.assign), not departments.", case.state)
    wanted = _wanted(case, command, view)
    kept = [task for task in case.current() if _kept(task, wanted)]
    held_by = {task.department for task in kept}
    new = {department: role for department, role in wanted.items() if department not in held_by}
    gone = [task for task in case.current() if task not in kept and _unsettled(task)]
    if not new and not gone and wanted == case.named():
        return unchanged(case, "assigned_as_before")
    change = Change(case).supersede(gone, command.occurred_at, "reassigned", view)
    assists = tuple(department for department in wanted if department != command.lead)
    change = change.add(lead=command.lead, assists=assists)
    change = assign(change, new, start_of(command), "reassigned", view)
    change = resolve_if_done(change, command.occurred_at, view)
    return change.decided(after_work(change.case, "assigned"))


def _wanted(case: Case, command: AssignCase, view: View) -> dict[str, TaskRole]:
    wanted = {command.lead: TaskRole.LEAD}
    for department in command.assists:
        wanted.setdefault(department, TaskRole.ASSIST)
    require_departments(case, wanted, view)
    return wanted


def require_departments(case: Case, codes: Iterable[str], view: View) -> None:
    """Check that the profile knows the departments.

    Raises:
        Rejected: `unknown-department`.
    """
    for code in codes:
        if view.index.department(code) is None:
            raise Rejected(
                "unknown-department", f"The profile of {case.district} has no department {code!r}.", case.state
            )


def _unsettled(task: Task) -> bool:
    return task.live or task.state is TaskState.RETURNED


def _kept(task: Task, wanted: Roles) -> bool:
    return wanted.get(task.department) is task.role and (task.live or task.state is TaskState.COMPLETED)

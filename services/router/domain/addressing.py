"""Which task a command means, and whether its sender may act on it: only who owns a task, or where said the centre."""

from __future__ import annotations

from services.router.domain.change import illegal
from services.router.domain.model import Case, Task
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.commands import TaskCommand
from shared.decision import Rejected


def find_task(case: Case, command: TaskCommand) -> Task:
    """Return the task a command is about.

    Raises:
        Rejected: `unknown-task`.
    """
    task = case.find(command.task_id)
    if task is None:
        known = ", ".join(map(case.id_of, case.tasks)) or "none yet"
        reason = f"Case {case.case_id} has no task {command.task_id!r}; its tasks: {known}."
        raise Rejected("unknown-task", reason, case.state)
    return task


def own_task(case: Case, command: TaskCommand) -> Task:
    """Return the task a command is about, if its sender is the department that has it.

    Raises:
        Rejected: `unknown-task` or `forbidden`.
    """
    task = find_task(case, command)
    if command.actor.department != task.department:
        raise not_yours(task)
    return task


def own_or_centre(case: Case, command: TaskCommand) -> Task:
    """Return the task a command is about, if its sender is the department that has it or the centre.

    Raises:
        Rejected: `unknown-task` or `forbidden`.
    """
    task = find_task(case, command)
    if not is_centre(command.actor) and command.actor.department != task.department:
        raise not_yours(task)
    return task


def is_centre(actor: Actor) -> bool:
    """Say whether the governance centre (综治中心) speaks."""
    return actor.kind is PartnerKind.CENTRE


def not_yours(task: Task) -> Rejected:
    """Return the refusal of a command on another department's task."""
    return Rejected("forbidden", f"Only {task.department} may act on its task.", task.state)


def must_be_live(task: Task, what: str) -> None:
    """Check that somebody is still to act on the task.

    Raises:
        Rejected: `illegal-transition`.
    """
    if not task.live:
        raise illegal(f"A task that is {task.state} cannot be {what}.", task.state)

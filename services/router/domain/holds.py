"""Standing a task's clock still and letting it run again (挂起, 恢复). The clock itself is escalation's."""

from __future__ import annotations

from datetime import datetime

from services.router.domain.addressing import is_centre, own_or_centre
from services.router.domain.change import Change, View, illegal, invalid, told_of
from services.router.domain.model import Case, Task, TaskState
from shared.contracts.cases import TaskHeld, TaskHoldRequested, TaskResumed
from shared.contracts.commands import HoldTask, ResumeTask
from shared.decision import Decision, Rejected

_RUNNING = frozenset({TaskState.ASSIGNED, TaskState.ACCEPTED})


def decide_hold(case: Case, command: HoldTask, view: View) -> Decision[Case]:
    """Hold a task, or pass the department's wish on to the centre where the profile wants its approval.

    Without approval a hold ends when the profile says at the latest; the centre may hold without an end. Only the
    centre may date it back: a department that could would hold a task yesterday that ran out this morning.
    """
    task = own_or_centre(case, command)
    at = command.occurred_at if is_centre(command.actor) else command.recorded_at
    _may_hold(task, command, at, view)
    if view.index.profile.holds.approval_required and not is_centre(command.actor):
        asked = {**told_of(case, task, command.occurred_at, view), "reason": command.reason}
        return Change(case).add(TaskHoldRequested(**asked, until=command.until)).decided("hold_requested")
    facts = {**told_of(case, task, at, view), "reason": command.reason}
    until = command.until if is_centre(command.actor) else _bounded(task, command, at, view)
    held = task.changed(state=TaskState.ON_HOLD, holds=task.holds + 1, held_until=until)
    return Change(case).put(held, TaskHeld(**facts, until=until, approved_by=command.actor.partner)).decided("held")


def _bounded(task: Task, command: HoldTask, at: datetime, view: View) -> datetime:
    """Return when a hold that nobody approved ends."""
    most = view.index.profile.holds.max_hold
    latest = view.index.calendar.due(at, most)
    if command.until is not None and command.until > latest:
        raise Rejected("hold-too-long", f"A hold without approval may last {most} at most.", task.state)
    return command.until or latest


def _may_hold(task: Task, command: HoldTask, at: datetime, view: View) -> None:
    if task.state not in _RUNNING:
        raise illegal(f"A task that is {task.state} cannot be held.", task.state)
    if task.expired_at is not None and at >= task.expired_at:
        sentence = f"The task's limit ran out at {task.expired_at:%Y-%m-%dT%H:%MZ}; nothing is left to hold."
        raise Rejected("task-expired", sentence, task.state)
    if command.until is not None and command.until <= at:
        raise invalid("A hold must end after it begins.", task.state)
    most = view.index.profile.holds.max_holds
    if task.holds >= most:
        raise Rejected("holds-exhausted", f"The task has been held {task.holds} times; {most} are allowed.", task.state)


def decide_resume(case: Case, command: ResumeTask, view: View) -> Decision[Case]:
    """Let a held task's clock run again."""
    task = own_or_centre(case, command)
    if task.state is not TaskState.ON_HOLD:
        raise illegal(f"Only a task on hold is resumed; this one is {task.state}.", task.state)
    return resumed(Change(case), task, command.occurred_at, view).decided("resumed")


def resumed(change: Change, task: Task, at: datetime, view: View) -> Change:
    """Return the change with the task back where it was before its hold."""
    state = TaskState.ASSIGNED if task.accepted_at is None else TaskState.ACCEPTED
    running = task.changed(state=state, held_until=None)
    return change.put(running, TaskResumed(**told_of(change.case, running, at, view)))


def resume_what_ended(case: Case, at: datetime, view: View) -> Change:
    """Resume every task whose hold has ended by an instant, at the moment it ended."""
    change = Change(case)
    for task in case.tasks:
        if task.state is TaskState.ON_HOLD and task.held_until is not None and task.held_until <= at:
            change = resumed(change, task, task.held_until, view)
    return change

"""More time for a task (延期): before it has expired only, so often and so much as the profile allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.router.domain.addressing import is_centre, own_or_centre
from services.router.domain.change import Change, View, illegal, told_of, unchanged
from services.router.domain.model import Case, Task, TaskState
from shared.contracts.cases import TaskExtended, TaskExtensionRequested
from shared.contracts.commands import ExtendTask
from shared.contracts.escalations import ClockExtensionIgnored, ClockKind
from shared.contracts.limits import Limit, LimitUnit
from shared.decision import Decision, Rejected

_AT_LEAST = {
    LimitUnit.CLOCK_MINUTES: timedelta(minutes=1),
    LimitUnit.CLOCK_HOURS: timedelta(hours=1),
    LimitUnit.WORKING_MINUTES: timedelta(minutes=1),
    LimitUnit.WORKING_HOURS: timedelta(hours=1),
    LimitUnit.CALENDAR_DAYS: timedelta(days=1),
    LimitUnit.WORKING_DAYS: timedelta(days=1),
}
"""What each unit but the last of a limit takes at the least, whatever the calendar."""


def decide_extend(case: Case, command: ExtendTask, view: View) -> Decision[Case]:
    """Extend a task, or pass the department's wish on to the centre where the profile wants its approval.

    What the department asked for in time may be granted later: its centre's slowness is not its fault. When it asked
    is when the wish was received, not when it says: else a backdated wish would undo a breach.
    """
    task = own_or_centre(case, command)
    _may_extend(task, command, view)
    facts = {**told_of(case, task, command.occurred_at, view), "reason": command.reason, "limit": command.limit}
    if view.index.profile.extensions.approval_required and not is_centre(command.actor):
        asked = task.changed(asked_at=command.recorded_at)
        return Change(case).put(asked, TaskExtensionRequested(**facts)).decided("extension_requested")
    count = task.extensions + 1
    longer = task.changed(extensions=count, asked_at=None, expired_at=None)
    event = TaskExtended(**facts, approved_by=command.actor.partner, count=count, asked_at=_asked(task, command))
    return Change(case).put(longer, event).decided("extended")


def _may_extend(task: Task, command: ExtendTask, view: View) -> None:
    if task.state not in (TaskState.ASSIGNED, TaskState.ACCEPTED):
        raise illegal(f"A task that is {task.state} cannot be extended.", task.state)
    if task.expired_at is not None and _asked(task, command) >= task.expired_at:
        raise Rejected("task-expired", f"The task's limit ran out at {task.expired_at:%Y-%m-%dT%H:%MZ}.", task.state)
    policy = view.index.profile.extensions
    if task.extensions >= policy.max_extensions:
        sentence = f"The task has been extended {task.extensions} times; {policy.max_extensions} are allowed."
        raise Rejected("extensions-exhausted", sentence, task.state)
    if longer(command.limit, policy.max_extension, command.occurred_at, view):
        sentence = f"An extension may be {policy.max_extension} at most, not {command.limit}."
        raise Rejected("extension-too-long", sentence, task.state)


def _asked(task: Task, command: ExtendTask) -> datetime:
    """Return when the extension was asked for: by the department before the centre spoke, or with this command."""
    return task.asked_at if task.asked_at is not None and is_centre(command.actor) else command.recorded_at


def decide_ignored(case: Case, ignored: ClockExtensionIgnored, view: View) -> Decision[Case]:
    """Take an extension back that was granted because nobody here knew yet that the limit had run out."""
    del view
    task = case.find(ignored.task_id) if ignored.task_id else None
    if task is None or not task.live or ignored.kind is not ClockKind.HANDLE:
        return unchanged(case, "not_concerned")
    expired = task.changed(expired_at=ignored.due_at, extensions=max(0, task.extensions - 1))
    return Change(case).put(expired).decided("extension_ignored")


def longer(asked: Limit, most: Limit, at: datetime, view: View) -> bool:
    """Say whether more is asked for than allowed; in another unit, whether it would end later, counted from `at`.

    What cannot but end later is not looked up in the calendar: walking through centuries of working days takes a
    second, and a few dozen such commands held up their partition for longer than the broker waits for a member.
    """
    if asked.unit is most.unit:
        return asked.amount > most.amount
    calendar = view.index.calendar
    end = calendar.due(at, most)
    return at + (asked.amount - 1) * _AT_LEAST[asked.unit] > end or calendar.due(at, asked) > end

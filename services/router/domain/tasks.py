"""A department's own work on its task: accepted, under way, completed with evidence (受理, 处置, 办结)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from services.router.domain.addressing import find_task, must_be_live, own_task
from services.router.domain.change import Change, View, illegal, told_of
from services.router.domain.closing import after_work, resolve_if_done
from services.router.domain.model import Case, CaseState, Task, TaskState
from shared.contracts.cases import TaskAccepted, TaskCompleted, TaskProgressed, TaskRole
from shared.contracts.commands import AcceptTask, CompleteTask, ProgressTask, TaskCommand
from shared.decision import Decision, Rejected


def decide_accept(case: Case, command: AcceptTask, view: View) -> Decision[Case]:
    """Take the task on; an acceptance that arrives after the work it began adds to the history only."""
    task = own_task(case, command)
    if task.live and task.accepted_at is None:
        return _accepted(Change(case), task, command, view, implied=False).decided("accepted")
    if not task.implied or task.accepted_at is None or command.occurred_at >= task.accepted_at:
        raise illegal(f"The task is {task.state} and cannot be accepted.", task.state)
    known = task.changed(accepted_at=command.occurred_at, implied=False)
    event = TaskAccepted(**told_of(case, task, command.occurred_at, view))
    return Change(case).put(known, event).decided("accepted_late")


def _accepted(change: Change, task: Task, command: TaskCommand, view: View, *, implied: bool) -> Change:
    """Note the acceptance; the first one puts the case in progress. A task on hold stays on hold."""
    at = command.occurred_at
    state = TaskState.ACCEPTED if task.state is TaskState.ASSIGNED else task.state
    taken = task.changed(state=state, accepted_at=at, implied=implied)
    change = change.put(taken, TaskAccepted(**told_of(change.case, taken, at, view)))
    return change.add(state=CaseState.IN_PROGRESS)


def _with_acceptance(change: Change, task: Task, command: TaskCommand, view: View) -> Change:
    """Work on a task that nobody has accepted implies that it is accepted."""
    if task.accepted_at is not None:
        return change
    return _accepted(change, task, command, view, implied=True)


def decide_progress(case: Case, command: ProgressTask, view: View) -> Decision[Case]:
    """Pass progress on; of a completed task it is history, if it lies before the completion.

    Only a stage that ends shows that somebody works, and so implies that the task is accepted. A note alone moves no
    clock: a department could keep every case alive with a word a day.
    """
    task = own_task(case, command)
    _must_know_stage(case, task, command.stage)
    event = TaskProgressed(**told_of(case, task, command.occurred_at, view), stage=command.stage, note=command.note)
    if task.live:
        change = _with_acceptance(Change(case), task, command, view) if command.stage else Change(case)
        return change.add(event).decided("progressed")
    if task.completed_at is None or command.occurred_at > task.completed_at:
        raise illegal(f"The task is {task.state} and makes no more progress.", task.state)
    return Change(case).add(event).decided("progressed_late")


def _must_know_stage(case: Case, task: Task, stage: str | None) -> None:
    """Check that the stage is one that progress can end: any but the last, which completion ends."""
    own_limit = case.due_at is not None and task.role is TaskRole.LEAD
    known = () if own_limit else tuple(one.name for one in case.terms.stages[:-1])
    if stage is not None and stage not in known:
        there_are = ", ".join(known) or "none"
        sentence = f"Stage {stage!r} is not one that progress ends (there are: {there_are})."
        raise Rejected("unknown-stage", sentence, task.state)


def decide_complete(case: Case, command: CompleteTask, view: View) -> Decision[Case]:
    """Complete the task, with the evidence the category demands; the last one completed resolves the case.

    A hold ends with it, and nobody is told that the task was resumed: told late, its clocks would run on from then, and
    pass their limits before the completion is heard.
    """
    task = own_task(case, command)
    must_be_live(task, "completed")
    _must_show_evidence(case, task, command)
    change = _with_acceptance(Change(case), task, command, view)
    ended = {"state": TaskState.COMPLETED, "completed_at": command.occurred_at, "held_until": None}
    done = find_task(change.case, command).changed(**ended)
    facts = told_of(change.case, done, command.occurred_at, view)
    change = change.put(done, TaskCompleted(**facts, evidence=len(command.evidence)))
    change = resolve_if_done(change, command.occurred_at, view)
    return change.decided(after_work(change.case, "completed"))


def _must_show_evidence(case: Case, task: Task, command: CompleteTask) -> None:
    needed, patterns = case.terms.media, case.terms.mime
    fitting = (one for one in command.evidence if any(fnmatchcase(one.mime.lower(), pattern) for pattern in patterns))
    shown = len({one.sha256 or one.url for one in fitting})
    if shown < needed:
        kinds = " or ".join(patterns)
        sentence = f"{case.category} is completed with {needed} of {kinds}; the command shows {shown}."
        raise Rejected("missing-evidence", sentence, task.state)

"""What the router says of tasks, and what that means for their clocks."""

from __future__ import annotations

from services.escalation.domain.cases import happened
from services.escalation.domain.clocks import Wanted, start, stop
from services.escalation.domain.draft import Draft
from services.escalation.domain.holds import EXTENDED_KINDS, asked_too_late, extend, hold, resume
from services.escalation.domain.model import Clock, Entry, What
from services.escalation.domain.muster import stand_down
from services.escalation.domain.whistle import blow, call_for_refusals
from shared.contracts.cases import (
    TaskAccepted,
    TaskAssigned,
    TaskCompleted,
    TaskEvent,
    TaskExtended,
    TaskHeld,
    TaskProgressed,
    TaskResumed,
    TaskReturned,
    TaskRole,
    TaskSuperseded,
)
from shared.contracts.escalations import ClockExtensionIgnored, ClockKind, Verdict


def _short(event: TaskEvent) -> str:
    """Return the task's own part of its id, e.g. `housing#1`."""
    return event.task_id.rpartition("/")[2]


def _clocks(draft: Draft, event: TaskEvent, *kinds: ClockKind) -> list[Clock]:
    return draft.live(*kinds, task=_short(event))


def on_assigned(draft: Draft, event: TaskAssigned) -> str:
    """Start the clocks of a task: to accept it, and one for each stage, the last of which ends it."""
    task, at = _short(event), happened(event)
    if draft.case.phase.ended or any(clock.task == task for clock in draft.clocks.values()):
        return "overtaken"
    _settle(draft, event)
    _enlist(draft, event)
    if event.accept_limit is not None:
        key = f"{task}/accept"
        start(draft, Wanted(key, ClockKind.ACCEPT, event.department, at, event.accept_limit, task=task))
    if event.due_at is not None:
        key = f"{task}/handle"
        start(draft, Wanted(key, ClockKind.HANDLE, event.department, at, due_at=event.due_at, task=task))
        return "assigned"
    for stage in event.stages:
        last = stage is event.stages[-1]
        kind, name = (ClockKind.HANDLE, "") if last else (ClockKind.STAGE, stage.name)
        key = f"{task}/{stage.name}"
        start(draft, Wanted(key, kind, event.department, at, stage.limit, task=task, stage=name))
    return "assigned"


def _settle(draft: Draft, event: TaskAssigned) -> None:
    """End the centre's clock to settle a refusal: with a new lead, or with a new assist where it was an assist's."""
    if event.role in (TaskRole.LEAD, draft.case.arbitrating):
        _arbitrated(draft, event)


def _arbitrated(draft: Draft, event: TaskEvent) -> bool:
    """End the centre's clock: it has decided. Return whether one ran."""
    clocks = draft.live(ClockKind.ARBITRATE)
    for clock in clocks:
        stop(draft, clock, happened(event))
    draft.change(arbitrating="")
    return bool(clocks)


def _enlist(draft: Draft, event: TaskAssigned) -> None:
    """Remember who works on the case; the reporter's clock goes with the lead, its due instant stays."""
    assists = tuple(code for code in draft.case.assists if code != event.department)
    if event.role is TaskRole.ASSIST:
        draft.change(assists=(*assists, event.department))
        return
    draft.change(lead=event.department, assists=assists)
    for clock in draft.live(ClockKind.CASE):
        if clock.owner != event.department:
            entry = Entry(what=What.OWNED, at=happened(event), by=event.department)
            owned = {"owner": event.department, "ledger": (*clock.ledger, entry)}
            draft.clocks[clock.key] = clock.model_copy(update=owned)


def on_accepted(draft: Draft, event: TaskAccepted) -> str:
    """End the clock to accept."""
    clocks = _clocks(draft, event, ClockKind.ACCEPT)
    for clock in clocks:
        stop(draft, clock, happened(event))
    return "accepted" if clocks else "overtaken"


def on_progressed(draft: Draft, event: TaskProgressed) -> str:
    """End the stage that the progress completes, if it says so; the last one ends with the task only."""
    ended = [clock for clock in _clocks(draft, event, ClockKind.STAGE) if clock.stage == event.stage]
    for clock in ended:
        stop(draft, clock, happened(event))
    return "stage_completed" if ended else "progressed"


def on_completed(draft: Draft, event: TaskCompleted) -> str:
    """End all clocks of the task; the lead's completion sends the team home.

    Who assisted and is done is not called any more by a whistle for those who are not.
    """
    clocks = _clocks(draft, event)
    for clock in clocks:
        stop(draft, clock, happened(event))
    _assists_no_more(draft, event)
    if event.role is TaskRole.LEAD and event.department == draft.case.lead:
        stand_down(draft, happened(event), "lead_completed")
    return "completed" if clocks else "overtaken"


def on_returned(draft: Draft, event: TaskReturned) -> str:
    """End the clocks of a refused task (退单), give the centre its time to settle it, or blow the whistle."""
    if draft.case.phase.ended:
        return "overtaken"
    _leave(draft, event)
    draft.change(returned=tuple(dict.fromkeys((*draft.case.returned, event.department))))
    if event.arbitrate_limit is not None:
        _arbitrate(draft, event)
    if event.count < event.allowed or draft.profile.refusals.then != "whistle":
        return "returned"
    blow(draft, call_for_refusals(draft, event.recorded_at, event.suggest))
    return "returned_and_whistled"


def _arbitrate(draft: Draft, event: TaskReturned) -> None:
    """Start the centre's clock, unless it runs already: another refusal does not give it more time."""
    lead = TaskRole.LEAD in (event.role, draft.case.arbitrating)
    draft.change(arbitrating=str(TaskRole.LEAD if lead else TaskRole.ASSIST))
    if event.arbitrate_limit is not None and not draft.live(ClockKind.ARBITRATE):
        key = f"arbitrate#{draft.number('arbitrate')}"
        start(draft, Wanted(key, ClockKind.ARBITRATE, draft.centre, event.recorded_at, event.arbitrate_limit))


def _leave(draft: Draft, event: TaskReturned | TaskSuperseded) -> bool:
    """Void the clocks of a task that is nobody's any more.

    What had run out when the department itself refused the task stays late: else a refusal would wash its figures.
    """
    clocks, at = _clocks(draft, event), happened(event)
    for clock in clocks:
        late = isinstance(event, TaskReturned) and clock.breached_at is not None and at > clock.due_at
        stop(draft, clock, at, Verdict.LATE if late else Verdict.VOID)
    _assists_no_more(draft, event)
    return bool(clocks)


def _assists_no_more(draft: Draft, event: TaskEvent) -> None:
    if event.role is TaskRole.ASSIST:
        draft.change(assists=tuple(code for code in draft.case.assists if code != event.department))


def on_superseded(draft: Draft, event: TaskSuperseded) -> str:
    """Void the clocks of a task that was given to others, withdrawn or closed over.

    One that has none had been returned: that it is put away means that the centre has decided.
    """
    if _leave(draft, event):
        return "superseded"
    if event.department in draft.case.returned and _arbitrated(draft, event):
        return "arbitrated"
    return "overtaken"


def on_held(draft: Draft, event: TaskHeld) -> str:
    """Let the task's clocks stand still (挂起)."""
    held = [hold(draft, clock, happened(event), event.until, event.approved_by) for clock in _clocks(draft, event)]
    return "held" if any(held) else "nothing_to_hold"


def on_resumed(draft: Draft, event: TaskResumed) -> str:
    """Let the task's clocks run again with what was left."""
    resumed = [resume(draft, clock, happened(event)) for clock in _clocks(draft, event)]
    return "resumed" if any(resumed) else "overtaken"


def on_extended(draft: Draft, event: TaskExtended) -> str:
    """Move the task's limits on (延期): those that had not run out when it was asked for.

    The router judges by what it has heard, and grants what came too late when the breach was still on its way to it.
    """
    clocks = _clocks(draft, event, *EXTENDED_KINDS)
    in_time = [clock for clock in clocks if not asked_too_late(clock, event.asked_at)]
    for clock in clocks:
        if clock in in_time:
            extend(draft, clock, happened(event), event.limit, event.approved_by)
        else:
            told = {"asked_at": event.asked_at, "limit": event.limit}
            draft.say_of(clock, ClockExtensionIgnored, happened(event), **told)
    if in_time:
        return "extended"
    return "asked_too_late" if clocks else "overtaken"

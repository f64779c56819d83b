"""Refusing a task (退单). Refusals of a case are counted over its life: after so many nobody may refuse any more."""

from __future__ import annotations

from services.router.domain.addressing import must_be_live, own_task
from services.router.domain.assigning import require_departments
from services.router.domain.change import Change, View, told_of
from services.router.domain.model import Case, TaskState
from shared.contracts.cases import TaskReturned
from shared.contracts.commands import ReturnTask
from shared.decision import Decision, Rejected


def decide_return(case: Case, command: ReturnTask, view: View) -> Decision[Case]:
    """Return a task to the centre, which decides within a limit who does it."""
    task = own_task(case, command)
    must_be_live(task, "returned")
    policy = view.index.profile.refusals
    if case.refusals >= policy.max:
        sentence = f"The case has been refused {case.refusals} times; after {policy.max} the centre alone decides."
        raise Rejected("refusals-exhausted", sentence, task.state)
    require_departments(case, [command.suggest] if command.suggest else [], view)
    event = TaskReturned(
        **told_of(case, task, command.occurred_at, view),
        reason=command.reason,
        suggest=command.suggest,
        count=case.refusals + 1,
        allowed=policy.max,
        arbitrate_limit=policy.arbitrate,
    )
    returned = task.changed(state=TaskState.RETURNED, held_until=None)
    return Change(case).put(returned, event).add(refusals=case.refusals + 1).decided("returned")

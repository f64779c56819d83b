"""What the centre alone does about a dispute: another mediator (回避), a task force (专班)."""

from __future__ import annotations

from services.router.domain.assigning import require_departments
from services.router.domain.change import Change, View, illegal, invalid
from services.router.domain.disputes import speaks, told_at
from services.router.domain.mediators import Choice, choose, named
from services.router.domain.model import Case, CaseState
from services.router.domain.tiers import dispute_of, enter, leave, told_of_tier
from shared.contracts.disputes import MediatorAssigned, TierName, TierOutcome
from shared.contracts.mediation import AssignMediator, FormTaskForce
from shared.decision import Decision, Rejected


def decide_mediator(case: Case, command: AssignMediator, view: View) -> Decision[Case]:
    """Give the running tier another mediator; whoever was partial is not chosen again. The limit goes on."""
    tier = speaks(case, command, view)
    dispute = dispute_of(case)
    if tier.name in (TierName.TASK_FORCE, TierName.BATCH):
        raise illegal(f"In tier {tier.name} nobody is chosen from the mediators.", tier.name)
    if command.mediator is not None and command.mediator == tier.mediator:
        raise invalid(f"{command.mediator} mediates it already.", tier.name)
    if command.conflict and tier.mediator is not None:
        dispute = dispute.changed(excluded=tuple(dict.fromkeys((*dispute.excluded, tier.mediator))))
    chosen = _chosen(case.model_copy(update={"dispute": dispute}), command, view)
    if chosen.mediator is None or chosen.mediator.code == tier.mediator:
        raise Rejected("no-mediator", chosen.explanation[0] + ".", tier.name)
    new = tier.changed(mediator=chosen.mediator.code, owner=chosen.mediator.department)
    event = MediatorAssigned(
        **told_of_tier(case, new, command.occurred_at, view), reason=command.reason, explanation=chosen.explanation
    )
    return Change(case).add(event, dispute=dispute.put(new)).decided("mediator_assigned")


def _chosen(case: Case, command: AssignMediator, view: View) -> Choice:
    dispute = dispute_of(case)
    if command.mediator is not None:
        return named(case, dispute, command.mediator, view)
    others = dispute.changed(excluded=(*dispute.excluded, dispute.tier.mediator or ""))
    return choose(case, others, dispute.tier.name, view)


def decide_task_force(case: Case, command: FormTaskForce, view: View) -> Decision[Case]:
    """Give a dispute to a task force: one department leads, each may record; the time for mediation goes on."""
    tier = speaks(case, command, view)
    if tier.name in (TierName.TASK_FORCE, TierName.COURT, TierName.BATCH):
        raise illegal(f"A dispute in tier {tier.name} is given to no task force.", tier.name)
    members = tuple(dict.fromkeys((command.lead, *command.departments)))
    require_departments(case, members, view)
    change = leave(
        Change(case).add(state=CaseState.IN_PROGRESS),
        TierOutcome.REFERRED,
        command.occurred_at,
        command.actor.partner,
        view,
        reason=command.reason,
    )
    settled = {"owner": command.lead, "members": members}
    return enter(change, TierName.TASK_FORCE, told_at(command), "task_force", view, **settled).decided("task_force")

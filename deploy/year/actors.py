"""Everybody of the plan: hears what the system says of a case, and does what the plan says when the plan says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.departments import evidence
from deploy.demo.say import Say
from deploy.demo.world import shift
from deploy.partner.messages import Data
from deploy.year.lives import DisputeLife, EventLife, Plan, TierPlan
from deploy.year.timing import whole
from shared.contracts import cases as said
from shared.contracts.agreeing import PayAgreement, PerformAgreement, SignAgreement
from shared.contracts.agreements import Duty, ObligationRecorded, ObligationState
from shared.contracts.base import Event
from shared.contracts.commands import (
    AcceptTask,
    AnswerTeam,
    AssignCase,
    CheckInTeam,
    ClassifyCase,
    CompleteTask,
    ProgressTask,
    ReturnTask,
    VerifyCase,
    WithdrawCase,
)
from shared.contracts.disputes import TierEnded, TierEntered, TierName, TierOutcome
from shared.contracts.escalations import TeamSummoned
from shared.contracts.mediation import RecordMediation
from shared.district.calendar import WorkingCalendar

CENTRE, APP = "centre", "grid-app"
PARTIES = ["applicant", "respondent"]
REASON = "经核实，产权单位另有其主"

Act = tuple[Say, str]
"""What somebody will say, and what is to be heard before time may go on."""


@dataclass(frozen=True, slots=True)
class Actors:
    """All of them."""

    plan: Plan
    calendar: WorkingCalendar

    def hear(self, event: Event) -> Iterator[Act]:
        """Yield what is done about an event."""
        life = self.plan.lives.get(event.case_id)
        if isinstance(life, EventLife):
            yield from self._on_event(life, event)
        elif isinstance(life, DisputeLife):
            yield from self._on_dispute(life, event)

    def _on_event(self, life: EventLife, event: Event) -> Iterator[Act]:
        match event:
            case said.CaseTriaged() if life.classified is not None:
                yield _say(life, life.classified, CENTRE, ClassifyCase, {"category": life.category}), "begun"
            case said.CaseOpened() if life.withdrawn is not None:
                yield _say(life, life.withdrawn, CENTRE, WithdrawCase, {"reason": REASON}), "withdrawn"
            case said.TaskAssigned():
                yield from self._work(life, event)
            case said.TaskReturned() if life.reassigned is not None:
                data: Data = {"lead": life.successor, "assists": list(life.assists), "reason": REASON}
                yield _say(life, life.reassigned, CENTRE, AssignCase, data), "begun"
            case TeamSummoned(round=1) if life.joint:
                yield from _muster(life, event)
            case said.CaseResolved():
                at = life.verified[event.episode - 1]
                if at is not None:
                    ok = event.episode == len(life.verified)
                    yield _say(life, at, APP, VerifyCase, {"ok": ok, "reason": REASON}), "verified"
            case _:
                return

    def _on_dispute(self, life: DisputeLife, event: Event) -> Iterator[Act]:
        match event:
            case TierEntered():
                number = int(event.tier_id.rpartition("#")[2])
                if number <= len(life.tiers):
                    yield from _mediate(life, event, life.tiers[number - 1])
                elif life.broken_for_good and event.tier is not TierName.COURT:
                    yield from _mediate(life, event, _in_vain(event))
            case TierEnded(outcome=TierOutcome.AGREEMENT) if life.signed is not None:
                amounts = [one.what["amount"] for one in life.promised if "amount" in one.what]
                data: Data = {"obligations": [one.what for one in life.promised]}
                data |= {"principal": sum(amounts)} if amounts else {}
                yield _say(life, life.signed, event.owner, SignAgreement, data), "signed"
            case ObligationRecorded(state=ObligationState.OPEN) if event.what is not Duty.VISIT:
                yield from _keep(life, event)
            case _:
                return

    def _work(self, life: EventLife, task: said.TaskAssigned) -> Iterator[Act]:
        """Let a department take a task on and end it as the plan says, its stages in time."""
        if life.withdrawn is not None:
            return
        who, id_, number = task.department, task.task_id, task.episode - 1
        lead = task.role is said.TaskRole.LEAD
        if lead and life.returned is not None and who != life.successor:
            yield _say(life, life.returned, who, ReturnTask, {"reason": REASON}, id_), f"returned {id_}"
            return
        yield _say(life, task.occurred_at, who, AcceptTask, {}, id_), f"accepted {id_}"
        done = life.done[number] if lead else life.assisted[number]
        for stage in task.stages[:-1]:
            at = _half(task.occurred_at, self.calendar.due(task.occurred_at, stage.limit))
            if done is None or at < done:
                yield _say(life, at, who, ProgressTask, {"stage": stage.name}, id_), f"progressed {id_}"
        if done is not None:
            yield _say(life, done, who, CompleteTask, {"evidence": evidence(id_, 2)}, id_), f"stopped {id_}"


def _half(start: datetime, end: datetime) -> datetime:
    return start + (end - start) / 2


def _say(
    life: EventLife | DisputeLife, at: datetime, who: str, command: type, data: Data, task: str | None = None
) -> Say:
    return Say(at, who, command, life.case, task, data)


def _muster(life: EventLife, team: TeamSummoned) -> Iterator[Act]:
    """Let every member of a team say that it comes, and come."""
    for number, member in enumerate(team.members, 3):
        who, blown = member.department, team.occurred_at
        coming = _say(life, blown + timedelta(minutes=number), who, AnswerTeam, {"coming": True})
        yield coming, f"answered {who}"
        data: Data = {"lon": team.place.lon, "lat": team.place.lat, "nonce": f"{life.case}-{who}"[-64:]}
        yield _say(life, blown + timedelta(minutes=10 + number), who, CheckInTeam, data), f"in {who}"


def _mediate(life: DisputeLife, tier: TierEntered, plan: TierPlan) -> Iterator[Act]:
    if plan.heard is None or plan.ends is None:
        return
    who = tier.owner if tier.mediator else CENTRE
    data: Data = {"tier_id": tier.tier_id} | ({"mediator": tier.mediator} if tier.mediator else {})
    heard = {**data, "consent": PARTIES, "hearing": True, "present": PARTIES}
    yield _say(life, plan.heard, who, RecordMediation, heard), f"session {tier.tier_id}"
    ended = {**data, "outcome": plan.outcome, "reason": REASON}
    yield _say(life, plan.ends, who, RecordMediation, ended), f"ended {tier.tier_id}"


def _in_vain(tier: TierEntered) -> TierPlan:
    """Return how it goes where mediation begins again because an agreement is broken for good: up to the court."""
    heard, ends = (whole(shift(tier.occurred_at + timedelta(days=days))) for days in (1, 3))
    return TierPlan(tier.tier, heard, ends, "failed")


def _keep(life: DisputeLife, event: ObligationRecorded) -> Iterator[Act]:
    number = int(event.obligation_id.rpartition("#")[2])
    at = life.promised[number - 1].met if number <= len(life.promised) else None
    if at is None:
        return
    data: Data = {"obligation_id": event.obligation_id}
    asks = f"paid {event.obligation_id}"
    if event.amount is None:
        yield _say(life, at, event.owner, PerformAgreement, data), asks
        return
    paid = {**data, "amount": str(event.amount), "payment_id": f"SK-{number}"}
    yield _say(life, at, event.owner, PayAgreement, paid), asks

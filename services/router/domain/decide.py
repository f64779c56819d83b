"""The router's decision: which rule judges which event, and what every one of them is given to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from services.router.domain.agreements import decide_confirm, decide_route, decide_sign
from services.router.domain.apart import decide_unmerged
from services.router.domain.assigning import decide_assign
from services.router.domain.batches import decide_batch, recount
from services.router.domain.centre_steps import decide_mediator, decide_task_force
from services.router.domain.change import Mediating, View
from services.router.domain.clocks import decide_breach, decide_breach_withdrawn
from services.router.domain.closing import decide_withdraw, try_closing_again
from services.router.domain.defaulters import decide_appeal, decide_appeal_decision, decide_enter
from services.router.domain.disputes import decide_record
from services.router.domain.extensions import decide_extend, decide_ignored
from services.router.domain.holds import decide_hold, decide_resume, resume_what_ended
from services.router.domain.keeping import aware_of_breaches
from services.router.domain.linking import decide_link
from services.router.domain.model import Case
from services.router.domain.moving import decide_moved
from services.router.domain.obligations import decide_pay, decide_perform
from services.router.domain.opening import decide_accepted, decide_classify, decide_merged
from services.router.domain.refusals import decide_return
from services.router.domain.surges import decide_ended, decide_joined, decide_surge
from services.router.domain.tasks import decide_accept, decide_complete, decide_progress
from services.router.domain.tier_time import decide_extend_mediation
from services.router.domain.verification import decide_reopen, decide_verify
from shared.contracts import agreeing, commands, escalations, incidents, mediation, moves
from shared.contracts.base import Event
from shared.decision import Decision, Tick, UnknownCase
from shared.district.lookup import DirectoryIndex

Rule = Callable[[Any, Any, View], Decision[Case]]

OPENING: dict[type[Event], Rule] = {
    incidents.ReportAccepted: decide_accepted,
    incidents.ReportMerged: decide_merged,
    incidents.SurgeDetected: decide_surge,
}
"""What may come before there is a case."""

RULES: dict[type[Event], Rule] = {
    incidents.ReportUnmerged: decide_unmerged,
    incidents.SurgeJoined: decide_joined,
    incidents.SurgeEnded: decide_ended,
    commands.AcceptTask: decide_accept,
    commands.ProgressTask: decide_progress,
    commands.CompleteTask: decide_complete,
    commands.ReturnTask: decide_return,
    commands.HoldTask: decide_hold,
    commands.ResumeTask: decide_resume,
    commands.ExtendTask: decide_extend,
    commands.ClassifyCase: decide_classify,
    commands.AssignCase: decide_assign,
    commands.WithdrawCase: decide_withdraw,
    commands.VerifyCase: decide_verify,
    commands.ReopenCase: decide_reopen,
    commands.LinkCase: decide_link,
    mediation.RecordMediation: decide_record,
    mediation.ExtendMediation: decide_extend_mediation,
    mediation.AssignMediator: decide_mediator,
    mediation.FormTaskForce: decide_task_force,
    mediation.OpenBatch: decide_batch,
    agreeing.SignAgreement: aware_of_breaches(decide_sign),
    agreeing.PayAgreement: aware_of_breaches(decide_pay),
    agreeing.PerformAgreement: aware_of_breaches(decide_perform),
    agreeing.ConfirmAgreement: aware_of_breaches(decide_confirm),
    agreeing.RouteAgreement: aware_of_breaches(decide_route),
    agreeing.EnterDefaulter: aware_of_breaches(decide_enter),
    agreeing.AppealDefaulter: aware_of_breaches(decide_appeal),
    agreeing.DecideDefaulter: aware_of_breaches(decide_appeal_decision),
    escalations.ClockBreached: decide_breach,
    moves.CaseMoved: decide_moved,
    escalations.ClockBreachWithdrawn: decide_breach_withdrawn,
    escalations.ClockExtensionIgnored: decide_ignored,
}

HEEDED = frozenset(event_type.type for event_type in (*OPENING, *RULES))
"""The message types the router decides on; the whistle's commands and the notices' are others'."""


class World(Protocol):
    """What was fetched for the inputs of a batch before they are decided."""

    def index(self, district: str, version: int) -> DirectoryIndex:
        """Return the district profile in a version.

        Raises:
            Poison: there is no such profile.
        """

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return the disputes linked with a case, by either end, that are open."""

    def is_missing(self, case_id: str) -> bool:
        """Say whether a case that a link names was looked for and is not there."""

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return what decisions on a dispute need of others; `batch` is the parent that a report names."""


def decide(case: Case | None, event: Any, now: datetime, world: World) -> Decision[Case]:
    """Judge an event or a tick.

    Raises:
        Rejected: a command that may not be applied in the state it met.
        UnknownCase: there is no case yet.
    """
    if isinstance(event, Tick):
        return _tick(_known(case, event.id), now, world)
    if type(event) in OPENING:
        version = event.profile_version if case is None else case.profile_version
        opening = View(now, world.index(event.district, version), mediation=_mediating(case, event, world))
        return OPENING[type(event)](case, event, opening)
    known = _known(case, event.case_id)
    view = _view(known, event, now, world)
    resumed = resume_what_ended(known, min(now, event.occurred_at), view)
    decision = RULES[type(event)](resumed.case, event, view)
    return replace(decision, events=(*resumed.events, *decision.events)) if resumed.events else decision


def _mediating(case: Case | None, event: Any, world: World) -> Mediating:
    return world.mediating(case, event.district, getattr(event, "batch", None))


def _known(case: Case | None, case_id: str) -> Case:
    if case is None:
        raise UnknownCase(case_id)
    return case


def _view(case: Case, event: Event | None, now: datetime, world: World) -> View:
    return View(
        now,
        world.index(case.district, case.profile_version),
        world.open_disputes(case.case_id),
        isinstance(event, commands.LinkCase) and world.is_missing(event.other),
        world.mediating(case, case.district, None),
    )


def _tick(case: Case, now: datetime, world: World) -> Decision[Case]:
    """Do what time alone brings: end holds, try a closing again."""
    view = _view(case, None, now, world)
    change = resume_what_ended(case, now, view)
    change = recount(try_closing_again(change, view), view)
    return change.decided(_what_time_brought(case, change.case))


def _what_time_brought(before: Case, after: Case) -> str:
    if before.closing is not None and after.closing is None:
        return "closed"
    if before.dispute is not None and before.dispute != after.dispute:
        return "batch_ended" if not after.open else "batch_counted"
    if after.closing is not None and before.recheck_at != after.recheck_at:
        return "closing_waits"
    return "hold_ended" if after is not before else "nothing_due"

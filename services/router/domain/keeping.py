"""What follows when something promised is kept or broken: for the obligation, its agreement, its party and the case.

Everything here builds up a change; who may say what, and whether it is believed, is decided by who calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.router.domain.change import Change, View, told
from services.router.domain.defaulters import clear, clear_all, enter
from services.router.domain.model import Case
from services.router.domain.promises import Agreement, AgreementState, Obligation
from services.router.domain.recording import agreement_of, drop, id_of, put, record
from services.router.domain.settling import end_case, mediate_again, stop_mediating
from shared.contracts.agreements import (
    AgreementBreached,
    AgreementBreachWithdrawn,
    AgreementFulfilled,
    Cleared,
    Confirmation,
    Duty,
    ObligationState,
    Route,
)
from shared.contracts.commands import Command
from shared.contracts.money import yuan
from shared.decision import Decision

Rule = Callable[[Case, Any, View], Decision[Case]]


def fulfil(change: Change, one: Obligation, view: View, paid: tuple[str, int] | None = None) -> Change:
    """Note that an obligation is fulfilled, in time or not, and what that means for everything it is part of."""
    at = one.fulfilled_at
    if at is None:
        raise ValueError(f"obligation {one.number} is not fulfilled")
    late = at > one.breach_at and one.what is not Duty.VISIT
    if one.breached and not late:
        change = _withdraw_breach(change, one, at, view)
        one = one.changed(breached=False)
    change = record(change, one, at, view, paid)
    change = clear(change, one.party, at, Cleared.FULFILLED if late else Cleared.BREACH_WITHDRAWN, view)
    return _weigh(change, agreement_of(change.case, one), view)


def aware_of_breaches(rule: Rule) -> Rule:
    """Return the rule, given a case in which everything is broken that was not met by when its command became known.

    Escalation says so too, but on another topic: which of the two was read first must not decide what is said.
    """

    def decide(case: Case, command: Command, view: View) -> Decision[Case]:
        late = [one for one in case.promises.obligations if _is_overdue(one, command.recorded_at)]
        change = Change(case)
        for one in sorted(late, key=lambda one: (one.breach_at, str(one.number))):
            change = break_promise(change, one, view)
        decision = rule(change.case, command, view)
        return replace(decision, events=(*change.events, *decision.events)) if late else decision

    return decide


def _is_overdue(one: Obligation, at: datetime) -> bool:
    return one.what is not Duty.VISIT and one.unmet and not one.breached and one.breach_at <= at


def break_promise(change: Change, one: Obligation, view: View) -> Change:
    """Note that an obligation was not met in time: as of the instant its grace ended."""
    case, at = change.case, one.breach_at
    agreement = agreement_of(case, one)
    route = agreement.route or _route(agreement, view)
    change = put(change, one.changed(breached=True))
    first = agreement.state is not AgreementState.BREACHED
    change = put(change, agreement.changed(state=AgreementState.BREACHED, route=route))
    event = AgreementBreached(
        **told(case, at, view),
        agreement=agreement.number,
        obligation_id=id_of(case, one),
        party=one.party,
        what=one.what,
        outstanding=yuan(_owed_at(one, at)) if one.what is Duty.PAY else None,
        route=route,
        owner=agreement.owner,
    )
    change = change.add(event)
    if view.index.profile.agreements.defaulters.entry == "breach":
        change = enter(change, one.party, at, view)
    return mediate_again(change, view) if first and route is Route.MEDIATION else change


def _owed_at(one: Obligation, at: datetime) -> int:
    """Return what was owed then, whatever has been told since."""
    return one.fen - sum(paid.fen for paid in one.payments if paid.at <= at)


def _route(agreement: Agreement, view: View) -> Route:
    """Return where the broken agreement goes: the court enforces only what it has confirmed."""
    confirmed = agreement.confirmation is Confirmation.CONFIRMED
    return view.index.profile.agreements.breach if confirmed else Route.MEDIATION


def _withdraw_breach(change: Change, one: Obligation, at: datetime, view: View) -> Change:
    facts = told(change.case, at, view)
    event = AgreementBreachWithdrawn(
        **facts, agreement=one.agreement, obligation_id=id_of(change.case, one), party=one.party
    )
    return change.add(event)


def _weigh(change: Change, agreement: Agreement, view: View) -> Change:
    """Return the change with the agreement as its obligations make it: kept, broken, or all of it fulfilled."""
    promised = [one for one in change.case.promises.of(agreement) if one.what is not Duty.VISIT]
    if all(one.state is ObligationState.FULFILLED for one in promised):
        return _fulfilled(change, agreement, promised, view)
    broken = any(one.in_default for one in promised)
    if broken or agreement.state is not AgreementState.BREACHED:
        return change
    change = put(change, agreement.changed(state=AgreementState.IN_FORCE, route=None))
    return stop_mediating(change, view) if agreement.route is Route.MEDIATION else change


def _fulfilled(change: Change, agreement: Agreement, promised: list[Obligation], view: View) -> Change:
    """End agreement and case: the last of it was done when the latest of it was, in whichever order the news came."""
    at = max(one.fulfilled_at for one in promised if one.fulfilled_at is not None)
    done = agreement.changed(state=AgreementState.FULFILLED, fulfilled_at=at, route=None)
    event = AgreementFulfilled(
        **told(change.case, at, view),
        agreement=agreement.number,
        on_time=not any(one.breached for one in promised),
        principal=yuan(agreement.principal) if agreement.principal else None,
    )
    change = drop(put(change, done), done, ObligationState.VOID, at, view).add(event)
    return end_case(clear_all(change, at, Cleared.FULFILLED, view), at, view)

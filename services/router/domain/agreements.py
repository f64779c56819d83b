"""Signing and amending an agreement, its confirmation by the court, and where it goes when it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.router.domain.change import Change, View, illegal, invalid, told
from services.router.domain.defaulters import clear_all
from services.router.domain.model import Case, CaseState
from services.router.domain.obligations import must_mediate
from services.router.domain.promises import CENTRE, Agreement, AgreementState, Obligation
from services.router.domain.recording import drop, put, record
from services.router.domain.settling import agree, mediate_again, stop_mediating
from shared.contracts.agreeing import ConfirmAgreement, RouteAgreement, SignAgreement
from shared.contracts.agreements import (
    AgreementConfirmed,
    AgreementRouted,
    AgreementSigned,
    Cleared,
    Confirmation,
    Duty,
    ObligationState,
    Promise,
    Route,
)
from shared.contracts.limits import Limit, LimitUnit
from shared.contracts.money import fen, in_words, yuan
from shared.decision import Decision, Rejected
from shared.district.calendar import Remaining, local_day

MAX_AGREEMENTS = 20
"""Agreements of one case over its life, so that somebody's loop of amendments ends."""

LONGEST = timedelta(days=30 * 366)
"""No obligation is due later after its agreement; a year with five digits is a slip of the pen."""

_SETTLED = frozenset({CaseState.TRIAGE, CaseState.CLOSED, CaseState.WITHDRAWN})


def decide_sign(case: Case, command: SignAgreement, view: View) -> Decision[Case]:
    """Take an agreement in: from here on the dispute is *agreed*, and each obligation is watched."""
    must_mediate(case, command, view)
    before = case.promises.binding
    _may_be_signed(case, command, before)
    _must_make_sense(case, command, view)
    change = agree(Change(case), command, view)
    change = _replaced(change, before, command.occurred_at, view) if before else change
    new = _agreement(change.case, command, view)
    change = _signed(put(change, new), new, command, view)
    for one in _obligations(change.case, new, command, view):
        change = record(change, one, command.occurred_at, view)
    return change.decided("amended" if before else "signed")


def _may_be_signed(case: Case, command: SignAgreement, before: Agreement | None) -> None:
    if case.state in _SETTLED or not case.is_dispute:
        raise illegal(f"An agreement is signed on an open dispute; this is {case.category}, {case.state}.", case.state)
    number = before.number if before else None
    if command.amends != number:
        now = f"agreement {number} binds the parties, so amend it with `amends: {number}`" if before else "none binds"
        raise illegal(f"The command amends {command.amends or 'none'}, but {now}.", case.state)
    if before and command.occurred_at <= before.signed_at:
        raise illegal(f"It was signed before agreement {before.number}, which it amends.", case.state)
    if any(paid.at > command.occurred_at for one in case.promises.obligations for paid in one.payments):
        raise illegal("Something was paid after it was signed; sign it as of now, for what is left.", case.state)
    if len(case.promises.agreements) >= MAX_AGREEMENTS:
        raise illegal(f"The case has had {MAX_AGREEMENTS} agreements; no case may have more.", case.state)


def _must_make_sense(case: Case, command: SignAgreement, view: View) -> None:
    """Check each obligation, and that the instalments sum to the principal."""
    signed = local_day(command.occurred_at, view.index.profile.zone)
    for number, one in enumerate(command.obligations, 1):
        if (one.what is Duty.PAY) != (one.amount is not None):
            raise invalid(f"Obligation {number}: an amount belongs to `pay`, and only to it.", case.state)
        if not signed <= one.due <= signed + LONGEST:
            raise invalid(f"Obligation {number} is due on {one.due}; it was signed on {signed}.", case.state)
    _must_sum(case, command)


def _must_sum(case: Case, command: SignAgreement) -> None:
    total = sum(fen(one.amount) for one in command.obligations if one.amount is not None)
    principal = fen(command.principal) if command.principal is not None else 0
    if total != principal:
        part = f"{in_words(abs(total - principal))} {'too much' if total > principal else 'is missing'}"
        sentence = f"The instalments sum to {in_words(total)}, the principal is {in_words(principal)}: {part}."
        raise Rejected("instalments-do-not-sum", sentence, case.state)


def _replaced(change: Change, before: Agreement, at: datetime, view: View) -> Change:
    """Put the old agreement away (novation): what was paid stays on it, what was owed is owed no more."""
    gone = before.changed(state=AgreementState.SUPERSEDED, superseded_at=at)
    change = drop(put(change, gone), gone, ObligationState.SUPERSEDED, at, view)
    return clear_all(change, at, Cleared.AMENDED, view)


def _agreement(case: Case, command: SignAgreement, view: View) -> Agreement:
    policy = view.index.profile.agreements
    at = command.occurred_at
    return Agreement(
        number=len(case.promises.agreements) + 1,
        signed_at=at,
        principal=fen(command.principal) if command.principal is not None else 0,
        amends=command.amends,
        owner=case.dispute.tier.owner if case.dispute else case.lead,
        confirmation=Confirmation.WANTED if command.confirm else None,
        apply_by=view.index.calendar.due(at, policy.confirm_within) if command.confirm else None,
    )


def _signed(change: Change, new: Agreement, command: SignAgreement, view: View) -> Change:
    policy = view.index.profile.agreements
    event = AgreementSigned(
        **told(change.case, new.signed_at, view),
        agreement=new.number,
        amends=new.amends,
        parties=tuple(dict.fromkeys(one.party for one in command.obligations)),
        obligations=len(command.obligations) + len(policy.visits),
        principal=yuan(new.principal) if new.principal else None,
        owner=new.owner,
        confirm_within=policy.confirm_within if command.confirm else None,
    )
    return change.add(event)


def _obligations(case: Case, new: Agreement, command: SignAgreement, view: View) -> Iterator[Obligation]:
    """Yield what was promised, then the centre's own visits; numbers go on over the life of the case."""
    calendar, policy = view.index.calendar, view.index.profile.agreements
    first = len(case.promises.obligations) + 1
    known = max(command.occurred_at, command.recorded_at)
    for number, one in enumerate(command.obligations, first):
        due = _end_of(one, new.signed_at, view)
        yield Obligation(
            number=number,
            agreement=new.number,
            party=one.party,
            what=one.what,
            fen=fen(one.amount) if one.amount is not None else 0,
            due_at=due,
            breach_at=calendar.extend(due, policy.grace),
            remind_at=_reminder(due, known, view),
        )
    for number, limit in enumerate(policy.visits, first + len(command.obligations)):
        due = calendar.due(new.signed_at, limit)
        remind_at = _reminder(due, known, view)
        yield Obligation(
            number=number,
            agreement=new.number,
            party=CENTRE,
            what=Duty.VISIT,
            due_at=due,
            breach_at=due,
            remind_at=remind_at,
        )


def _end_of(promise: Promise, signed_at: datetime, view: View) -> datetime:
    """Return 24:00 of the agreed day, or of the next working day where the profile rolls over days off."""
    days = (promise.due - local_day(signed_at, view.index.profile.zone)).days
    return view.index.calendar.resume(signed_at, Remaining(unit=LimitUnit.CALENDAR_DAYS, days=days))


def _reminder(due: datetime, known: datetime, view: View) -> datetime | None:
    """Return when to remind; of what is due sooner than that nobody is reminded, for it has just been agreed."""
    at = due - view.index.profile.agreements.remind_before
    return at if known < at < due else None


def decide_confirm(case: Case, command: ConfirmAgreement, view: View) -> Decision[Case]:
    """Note a step of judicial confirmation (司法确认): applied for within the time of the law, then decided."""
    must_mediate(case, command, view)
    agreement = _binding(case)
    at = command.occurred_at
    if command.step is Confirmation.APPLIED:
        _may_apply(agreement, at, view)
    elif agreement.confirmation is not Confirmation.APPLIED:
        raise illegal("The court decides on an application, and there is none open.", agreement.state)
    change = put(Change(case), agreement.changed(confirmation=command.step))
    event = AgreementConfirmed(**told(case, at, view), agreement=agreement.number, step=command.step)
    return change.add(event).decided(f"confirmation_{command.step}")


def _may_apply(agreement: Agreement, at: datetime, view: View) -> None:
    within: Limit = view.index.profile.agreements.confirm_within
    latest = agreement.apply_by or view.index.calendar.due(agreement.signed_at, within)
    if agreement.confirmation not in (None, Confirmation.WANTED):
        raise illegal(f"Confirmation is {agreement.confirmation} already.", agreement.state)
    if not agreement.signed_at <= at <= latest:
        sentence = f"Confirmation is applied for within {within} of the signature, here from then to {latest}."
        raise Rejected("confirmation-too-late", sentence, agreement.state)


def _binding(case: Case) -> Agreement:
    agreement = case.promises.binding
    if agreement is None:
        raise illegal("No agreement binds the parties of this case.", case.state)
    return agreement


def decide_route(case: Case, command: RouteAgreement, view: View) -> Decision[Case]:
    """Let the centre choose where a broken agreement goes; what the court has not confirmed it does not enforce."""
    agreement = _binding(case)
    if agreement.state is not AgreementState.BREACHED:
        raise illegal("The agreement is not broken; there is nothing to choose.", agreement.state)
    if command.route is Route.ENFORCEMENT and agreement.confirmation is not Confirmation.CONFIRMED:
        sentence = "The court enforces only what it has confirmed (人民调解法 art. 33); mediate again, or go to court."
        raise Rejected("not-enforceable", sentence, agreement.state)
    if command.route is agreement.route:
        return Decision(case, "routed_before")
    event = AgreementRouted(
        **told(case, command.occurred_at, view),
        agreement=agreement.number,
        route=command.route,
        by=command.actor.partner,
    )
    change = put(Change(case), agreement.changed(route=command.route)).add(event)
    if command.route is Route.MEDIATION:
        return mediate_again(change, view).decided("routed")
    return stop_mediating(change, view).decided("routed")

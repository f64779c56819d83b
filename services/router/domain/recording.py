"""Keeping what was promised as it stands now, and saying so: an obligation, or everything that is owed no more.

The lowest of the files about agreements: it knows neither how a promise is kept nor what the case makes of it.
"""

from __future__ import annotations

from datetime import datetime

from services.router.domain.change import Change, View, told
from services.router.domain.defaulters import clear_all
from services.router.domain.model import Case
from services.router.domain.promises import Agreement, AgreementState, Obligation
from shared.contracts.agreements import Cleared, Duty, ObligationRecorded, ObligationState
from shared.contracts.money import yuan


def id_of(case: Case, obligation: Obligation) -> str:
    """Return the obligation's id on the bus, which is that of its clock too."""
    return f"{case.case_id}/obligation#{obligation.number}"


def agreement_of(case: Case, obligation: Obligation) -> Agreement:
    """Return the agreement an obligation stands in."""
    return next(one for one in case.promises.agreements if one.number == obligation.agreement)


def put(change: Change, part: Agreement | Obligation) -> Change:
    """Return the change with a new version of an agreement or obligation."""
    return change.add(promises=change.case.promises.put(part))


def record(change: Change, one: Obligation, at: datetime, view: View, paid: tuple[str, int] | None = None) -> Change:
    """Keep how an obligation stands now, and say it; `paid` is (id, fen) of the payment just made."""
    case = change.case
    money = one.what is Duty.PAY
    policy = view.index.profile.agreements
    event = ObligationRecorded(
        **told(case, at, view),
        agreement=one.agreement,
        obligation_id=id_of(case, one),
        party=one.party,
        what=one.what,
        state=one.state,
        amount=yuan(one.fen) if money else None,
        paid=yuan(one.paid) if money else None,
        payment=yuan(paid[1]) if paid else None,
        payment_id=paid[0] if paid else None,
        due_at=one.due_at,
        grace=None if one.what is Duty.VISIT else policy.grace,
        remind_at=one.remind_at,
        owner=agreement_of(case, one).owner,
        on_time=None if one.fulfilled_at is None else one.fulfilled_at <= one.breach_at,
    )
    return put(change, one).add(event)


def drop(change: Change, agreement: Agreement, state: ObligationState, at: datetime, view: View) -> Change:
    """Return the change with whatever of an agreement is still owed owed no more."""
    for one in change.case.promises.of(agreement):
        if one.unmet:
            change = record(change, one.changed(state=state), at, view)
    return change


def void_promises(change: Change, at: datetime, view: View) -> Change:
    """Return the change with nothing promised any more: the case was withdrawn, or a court has judged instead."""
    agreement = change.case.promises.binding
    if agreement is None:
        return change
    change = drop(change, agreement, ObligationState.VOID, at, view)
    change = put(change, agreement.changed(state=AgreementState.VOID))
    return clear_all(change, at, Cleared.WITHDRAWN, view)

"""Payments and performance (履行): what comes in on an obligation, in any order, late or early, and what did not come.

A payment is on one obligation, which whoever pays names (民法典 art. 560). More than is owed is refused,
with what is owed, for the rest belongs to another obligation or is a slip of the pen.
"""

from __future__ import annotations

from services.router.domain.addressing import is_centre
from services.router.domain.change import Change, View, illegal, invalid, unchanged
from services.router.domain.keeping import break_promise, fulfil
from services.router.domain.model import Case
from services.router.domain.promises import Agreement, Obligation, Payment
from services.router.domain.recording import agreement_of, id_of, record
from shared.contracts.agreeing import AgreementCommand, PayAgreement, PerformAgreement
from shared.contracts.agreements import Duty, ObligationState
from shared.contracts.escalations import ClockBreached
from shared.contracts.money import fen, in_words
from shared.decision import Decision, Rejected

MAX_PAYMENTS = 500
"""Payments of one case over its life; a system that sent one a minute by mistake would otherwise fill the document."""


def must_mediate(case: Case, command: AgreementCommand, view: View) -> None:
    """Check that the centre speaks, or a department that mediates or leads; of a household's file that of its batch.

    Raises:
        Rejected: `forbidden`.
    """
    disputes = [one.dispute for one in (case, view.mediation.parent) if one is not None and one.dispute is not None]
    tiers = [one.tier for one in disputes if one.tiers]
    own = {case.lead, *(one.owner for one in case.promises.agreements), *(one.owner for one in tiers)}
    own |= {code for one in tiers for code in (one.co_mediator, *one.members) if code is not None}
    if not is_centre(command.actor) and command.actor.department not in own:
        sentence = f"Only the centre or whoever mediates ({', '.join(sorted(own))}) may say so."
        raise Rejected("forbidden", sentence, case.state)


def decide_pay(case: Case, command: PayAgreement, view: View) -> Decision[Case]:
    """Take a payment in; the same one again changes nothing."""
    must_mediate(case, command, view)
    one = _named(case, command)
    paid = Payment(id=command.payment_id, fen=fen(command.amount), at=command.occurred_at)
    if _was_told_before(case, one, paid):
        return unchanged(case, "paid_before")
    _may_be_met(case, one, command, "paid")
    if one.what is not Duty.PAY:
        raise invalid(f"{command.obligation_id} is to {one.what}, not to pay: it is performed.", one.state)
    _must_be_owed(case, one, paid)
    payments = (*one.payments, paid)
    told = (paid.id, paid.fen)
    if paid.fen < one.owed:
        part = one.changed(payments=payments, state=_unless_over(one, ObligationState.PARTLY_PAID))
        return record(Change(case), part, command.occurred_at, view, told).decided("partly_paid")
    whole = one.changed(payments=payments, fulfilled_at=max(each.at for each in payments))
    return _met(case, whole, view, told)


def _unless_over(one: Obligation, state: ObligationState) -> ObligationState:
    """Return the new state; what was superseded stays so, and what was paid on it before is history."""
    return one.state if one.state is ObligationState.SUPERSEDED else state


def _met(case: Case, one: Obligation, view: View, paid: tuple[str, int] | None = None) -> Decision[Case]:
    if one.state is ObligationState.SUPERSEDED and one.fulfilled_at is not None:
        return record(Change(case), one, one.fulfilled_at, view, paid).decided("recorded_late")
    done = one.changed(state=ObligationState.FULFILLED)
    change = fulfil(Change(case), done, view, paid)
    return change.decided("obligation_fulfilled" if change.case.promises.binding else "agreement_fulfilled")


def decide_perform(case: Case, command: PerformAgreement, view: View) -> Decision[Case]:
    """Note that what was promised has been done, or the follow-up visit made."""
    must_mediate(case, command, view)
    one = _named(case, command)
    if one.what is Duty.PAY:
        raise invalid(f"{command.obligation_id} is to be paid; say how much with agreement.pay.", one.state)
    _may_be_met(case, one, command, "performed")
    if one.fulfilled_at is not None:
        raise illegal("It has been performed already.", one.state)
    return _met(case, one.changed(fulfilled_at=command.occurred_at), view)


def _named(case: Case, command: PayAgreement | PerformAgreement) -> Obligation:
    wanted = command.obligation_id
    found = next((one for one in case.promises.obligations if id_of(case, one) == wanted), None)
    if found is None:
        known = ", ".join(id_of(case, one) for one in case.promises.obligations if one.unmet) or "none"
        sentence = f"Case {case.case_id} has no obligation {wanted!r}; open in it: {known}."
        raise Rejected("unknown-obligation", sentence, case.state)
    return found


def _was_told_before(case: Case, one: Obligation, paid: Payment) -> bool:
    """Say whether this very payment is known.

    Raises:
        Rejected: `conflicting-payment`, the id belongs to another one.
    """
    for other in case.promises.obligations:
        known = next((each for each in other.payments if each.id == paid.id), None)
        if known is not None and (other.number, known.fen) == (one.number, paid.fen):
            return True
        if known is not None:
            sentence = f"Payment {paid.id!r} is known already: {in_words(known.fen)} on {id_of(case, other)}."
            raise Rejected("conflicting-payment", sentence, other.state)
    return False


def _may_be_met(case: Case, one: Obligation, command: AgreementCommand, what: str) -> None:
    """Check that a thing of that instant can count for the obligation.

    What was done before an amendment was signed belongs to the obligation it replaced, whenever it is told.
    """
    agreement: Agreement = agreement_of(case, one)
    at = command.occurred_at
    if at < agreement.signed_at:
        raise illegal(f"It was {what} before agreement {agreement.number} was signed, so not on it.", one.state)
    if one.state is ObligationState.VOID:
        raise illegal("Nothing is owed on it any more.", one.state)
    gone = agreement.superseded_at
    if gone is not None and at >= gone:
        raise illegal(f"Agreement {agreement.number} was replaced before it was {what}; name the new one's.", one.state)


def _must_be_owed(case: Case, one: Obligation, paid: Payment) -> None:
    if paid.fen > one.owed:
        over = in_words(paid.fen - one.owed)
        sentence = f"{id_of(case, one)} still owes {in_words(one.owed)}; {in_words(paid.fen)} is {over} more."
        raise Rejected("overpayment", sentence, one.state)
    if sum(len(each.payments) for each in case.promises.obligations) >= MAX_PAYMENTS:
        raise illegal(f"The case has {MAX_PAYMENTS} payments; no case may have more.", case.state)


def decide_obligation_breach(case: Case, breach: ClockBreached, view: View) -> Decision[Case]:
    """Mark what was not met in time, unless it was met meanwhile or is owed no more."""
    one = next((each for each in case.promises.obligations if id_of(case, each) == breach.clock_id), None)
    if one is None or not one.unmet or one.breached:
        return unchanged(case, "overtaken")
    return break_promise(Change(case), one, view).decided("broken")

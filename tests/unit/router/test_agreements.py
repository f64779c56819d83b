"""Agreements: what may be signed and amended, what a payment does, and when a case is fulfilled."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts import agreeing as say
from shared.contracts import agreements as told
from shared.contracts.cases import CaseClosed, Outcome
from shared.contracts.commands import VerifyCase
from tests.support.agreeing import (
    DAY,
    ONCE,
    TWICE,
    id_of,
    pay,
    promises,
    refusal,
    refused_payment,
    signed,
    stands,
    states,
)
from tests.support.routing import CENTRE, GRID, HOUR, NINE, Story, dept

JUSTICE, URBAN = dept("justice"), dept("urban")


def test_instalments_that_do_not_sum_to_the_principal_are_refused_with_what_is_missing() -> None:
    """To the fen, and a repair counts for nothing."""
    story = Story().opened("D0402")
    wrong = refusal(story, say.SignAgreement, obligations=promises(*TWICE), principal="1500.51")
    assert wrong.error == "instalments-do-not-sum"
    assert wrong.message == "The instalments sum to 1,500.50, the principal is 1,500.51: 0.01 is missing."
    assert story.say(say.SignAgreement, CENTRE, obligations=promises(*TWICE), principal=1500.5) == "signed"


@pytest.mark.parametrize("amount", [0.1 + 0.2, "0", -1, "1e20", "12.345", True, "NaN"])
def test_an_amount_is_exact_or_refused(amount: Any) -> None:
    """What a program added up in binary floats is not passed on as money."""
    with pytest.raises(ValidationError):
        told.Promise.model_validate({"party": "respondent", "what": "pay", "due": "2026-07-01", "amount": amount})


@pytest.mark.parametrize("party", ["王某", "13987654321", "620802197703054416", "Wang", "", "a" * 50])
def test_a_party_is_a_name_of_the_file_and_no_persons(party: str) -> None:
    """Neither what a person is called nor a number of one gets past the contract."""
    with pytest.raises(ValidationError):
        told.Promise.model_validate({"party": party, "what": "stop", "due": "2026-07-01"})


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([("respondent", "pay", None, 3)], "invalid-command"),
        ([("respondent", "repair", "5.00", 3)], "invalid-command"),
        ([("respondent", "repair", None, -1)], "invalid-command"),
        ([("respondent", "repair", None, 40_000)], "invalid-command"),
    ],
)
def test_obligations_that_make_no_sense_are_refused(said: Any, error: str) -> None:
    """Money without an amount, an amount without money, due before the signature or in another century."""
    assert refusal(Story().opened("D0402"), say.SignAgreement, obligations=promises(*said)).error == error


def test_only_an_open_dispute_is_settled_by_an_agreement_and_only_by_who_mediates() -> None:
    """A heap of rubbish promises nothing; another department has no say."""
    assert refusal(Story().opened(), say.SignAgreement, obligations=promises(*ONCE)).error == "illegal-transition"
    story = signed()
    facts: dict[str, Any] = {"obligation_id": id_of(story), "amount": "1.00", "payment_id": "x"}
    assert refusal(story, say.PayAgreement, URBAN, **facts).error == "forbidden"
    assert story.say(say.PayAgreement, JUSTICE, **facts) == "partly_paid"


def test_agreed_is_not_fulfilled_and_only_fulfilled_closes_the_case() -> None:
    """Whatever the departments and the grid worker say meanwhile."""
    story = signed(*TWICE, principal="1500.50")
    assert story.said() == [
        "task.completed", "case.resolved", "agreement.signed", *["obligation.recorded"] * 3,
    ]  # fmt: skip
    assert story.say(VerifyCase, GRID, ok=True) == "closing_waits"
    assert story.tick() == "nothing_due"
    pay(story, "500.50", "b", 2)
    story.say(say.PerformAgreement, CENTRE, obligation_id=id_of(story, 3))
    assert (story.known().state, stands(story)) == ("resolved", "in_force")
    story.now += DAY
    assert pay(story, "1000.00", "a") == "agreement_fulfilled"
    assert story.said() == ["obligation.recorded", "agreement.fulfilled", "case.closed"]
    closed = story.events[-1]
    assert isinstance(closed, CaseClosed)
    assert (closed.outcome, closed.handling_seconds) == (Outcome.FULFILLED, 0)


def test_payments_come_in_any_order_each_once_and_never_too_much() -> None:
    """A part that was paid earlier may be told later; the last instant counts."""
    story = signed()
    story.now += DAY
    assert pay(story, "600.00", "b") == "partly_paid"
    assert pay(story, "600.00", "b") == "paid_before"
    assert refused_payment(story, "599.00", "b").error == "conflicting-payment"
    over = refused_payment(story, "400.01", "a")
    assert over.error == "overpayment"
    assert over.message == f"{id_of(story)} still owes 400.00; 400.01 is 0.01 more."
    pay(story, "400.00", "a", at=NINE + HOUR)
    assert story.known().promises.obligations[0].fulfilled_at == NINE + DAY
    assert refused_payment(story, "0.01", "c").error == "overpayment"


def test_what_was_paid_before_the_signature_or_belongs_elsewhere_is_refused() -> None:
    """Also what is not money, and what nobody has promised."""
    story = signed(*TWICE, principal="1500.50")
    assert refused_payment(story, "1.00", at=NINE - HOUR).error == "illegal-transition"
    assert refused_payment(story, "1.00", number=3).error == "invalid-command"
    assert refused_payment(story, "1.00", number=9).error == "unknown-obligation"
    elsewhere = "620802-260701-dddddddd/obligation#1"
    assert refused_payment(story, "1.00", obligation_id=elsewhere).error == "unknown-obligation"
    assert refusal(story, say.PerformAgreement, obligation_id=id_of(story)).error == "invalid-command"


def test_an_amendment_replaces_what_is_owed_and_keeps_what_was_paid() -> None:
    """Novation: what was paid before is history, whenever it is told; what is paid after it belongs to the new one."""
    story = signed()
    pay(story, "300.00", "a")
    again: dict[str, Any] = {"obligations": promises(("respondent", "pay", "650.00", 30)), "principal": "650.00"}
    story.now += 2 * HOUR
    assert refusal(story, say.SignAgreement, **again).error == "illegal-transition"
    assert refusal(story, say.SignAgreement, **again, amends=2).error == "illegal-transition"
    assert refusal(story, say.SignAgreement, **again, amends=1, at=NINE - HOUR).error == "illegal-transition"
    assert story.say(say.SignAgreement, CENTRE, **again, amends=1) == "amended"
    assert states(story) == ["superseded", "open"]
    assert pay(story, "50.00", "b", at=NINE + HOUR) == "partly_paid"
    assert (states(story)[0], story.known().promises.obligations[0].paid) == ("superseded", 350_00)
    assert refused_payment(story, "50.00", "c").error == "illegal-transition"
    assert pay(story, "650.00", "d", 2) == "agreement_fulfilled"
    assert [str(one.state) for one in story.known().promises.agreements] == ["superseded", "fulfilled"]


def test_nothing_is_amended_behind_a_payment() -> None:
    """Signed at ten, paid at eleven, told at noon: what is left would be wrong."""
    story = signed()
    story.now += 3 * HOUR
    pay(story, "300.00", at=NINE + 2 * HOUR)
    again: dict[str, Any] = {
        "obligations": promises(("respondent", "pay", "1000.00", 30)),
        "principal": "1000.00",
        "amends": 1,
    }
    assert refusal(story, say.SignAgreement, **again, at=NINE + HOUR).error == "illegal-transition"

"""Agreements: what may be signed, what a payment does, where a broken one goes, who is on the defaulter list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts import agreeing as say
from shared.contracts import agreements as told
from shared.contracts.agreements import Confirmation, Route
from shared.contracts.cases import CaseClosed, Outcome
from shared.contracts.commands import Command, VerifyCase, WithdrawCase
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import RecordMediation
from shared.decision import Rejected
from tests.support.routing import CENTRE, GRID, HOUR, NINE, FakeWorld, Story, dept, index, short

JUSTICE, URBAN = dept("justice"), dept("urban")
DAY = timedelta(days=1)
ONCE = [("respondent", "pay", "1000.00", 10)]
TWICE = [*ONCE, ("respondent", "pay", "500.50", 20), ("applicant", "repair", None, 5)]
TIERS = {"mediation": {"categories": ["D*"]}}


def promises(*said: tuple[str, str, str | None, int]) -> list[dict[str, Any]]:
    """Return obligations due so many days after the first of July."""
    first = date(2026, 7, 1)
    return [
        {"party": party, "what": what, "due": first + timedelta(days=days)} | ({"amount": amount} if amount else {})
        for party, what, amount, days in said
    ]


def signed(*said: tuple[str, str, str | None, int], principal: str | None = "1000.00", **policies: Any) -> Story:
    """Return a dispute with an agreement of nine o'clock."""
    world = FakeWorld(directory=index(**policies)) if policies else FakeWorld()
    story = Story(world=world).opened("D0402")
    if "mediation" in policies:
        story.say(RecordMediation, CENTRE, consent=("applicant", "respondent"))
    obligations = promises(*(said or ONCE))
    assert story.say(say.SignAgreement, CENTRE, obligations=obligations, principal=principal) == "signed"
    return story


def id_of(story: Story, number: int = 1) -> str:
    """Return an obligation's id."""
    return f"{story.known().case_id}/obligation#{number}"


def amendment(amount: str) -> dict[str, Any]:
    """Return what replaces the first agreement."""
    return {"obligations": promises(("respondent", "pay", amount, 60)), "principal": amount, "amends": 1}


def pay(story: Story, amount: str, name: str = "p1", number: int = 1, *, at: datetime | None = None) -> str:
    """Pay on an obligation."""
    facts = {"obligation_id": id_of(story, number), "amount": amount, "payment_id": name}
    return story.say(say.PayAgreement, CENTRE, at=at, **facts)


def refusal(story: Story, kind: type[Command], actor: Any = CENTRE, **fields: Any) -> Rejected:
    """Give a command that must be refused and change nothing."""
    before = story.case
    with pytest.raises(Rejected) as refused:
        story.say(kind, actor, **fields)
    assert story.case is before
    return refused.value


def refused_payment(story: Story, amount: str, name: str = "p1", number: int = 1, **more: Any) -> Rejected:
    """Pay, in vain."""
    facts = {"obligation_id": id_of(story, number), "amount": amount, "payment_id": name}
    return refusal(story, say.PayAgreement, **{**facts, **more})


def breaks(story: Story, number: int = 1) -> str:
    """Let escalation say that an obligation was not met, an hour after its grace has ended."""
    one = story.known().promises.obligations[number - 1]
    story.now = max(story.now, one.breach_at + HOUR)
    return story.apply(story.breach(ClockKind.OBLIGATION, one.breach_at, clock_id=id_of(story, number)))


def states(story: Story) -> list[str]:
    """Return how each obligation stands."""
    return [str(one.state) for one in story.known().promises.obligations]


def stands(story: Story) -> str:
    """Return how the newest agreement stands."""
    return str(story.known().promises.agreements[-1].state)


def dispute_state(story: Story) -> str:
    """Return where the dispute stands."""
    dispute = story.known().dispute
    assert dispute is not None
    return str(dispute.state)


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


def test_what_was_paid_in_time_and_told_late_takes_the_breach_back() -> None:
    """The verdict goes by when it happened."""
    story = signed()
    assert breaks(story) == "broken"
    assert (stands(story), story.known().promises.agreements[0].route) == ("breached", Route.MEDIATION)
    story.now += DAY
    pay(story, "1000.00", at=story.now - 30 * HOUR)
    assert story.said() == [
        "agreement.breach-withdrawn", "obligation.recorded", "agreement.fulfilled", "case.closed",
    ]  # fmt: skip
    fulfilled = story.events[-2]
    assert isinstance(fulfilled, told.AgreementFulfilled)
    assert fulfilled.on_time


@pytest.mark.parametrize("breach_first", [True, False])
@pytest.mark.parametrize(
    ("paid_before", "said"),
    [
        (-HOUR, ["agreement.breached", "defaulter.recorded", "obligation.recorded", "defaulter.recorded"]),
        (HOUR, ["agreement.breached", "defaulter.recorded", "agreement.breach-withdrawn", "obligation.recorded",
                "defaulter.recorded"]),
    ],
)  # fmt: skip
def test_it_means_nothing_which_topic_is_read_first(
    *, breach_first: bool, paid_before: timedelta, said: list[str]
) -> None:
    """Escalation's word and a payment come in either order, the payment late, or in time and told late."""
    later = ("respondent", "pay", "1.00", 60)
    story = signed(*ONCE, later, principal="1001.00", agreements={"defaulters": {"entry": "breach"}})
    one, begun = story.known().promises.obligations[0], len(story.events)
    story.now = one.breach_at + 2 * HOUR
    word = story.breach(ClockKind.OBLIGATION, one.breach_at, clock_id=id_of(story))
    if breach_first:
        story.apply(word)
    pay(story, "1000.00", at=one.breach_at - paid_before)
    if not breach_first:
        assert story.apply(word) == "overtaken"
    assert [short(event) for event in story.events[begun:]] == said
    assert stands(story) == "in_force"


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


def test_confirmation_is_applied_for_in_time_and_only_then_decided() -> None:
    """Thirty days by the law, by when it happened."""
    story = Story().opened("D0402")
    story.say(say.SignAgreement, CENTRE, obligations=promises(*ONCE), principal="1000.00", confirm=True)
    decided: dict[str, Any] = {"step": Confirmation.CONFIRMED}
    assert refusal(story, say.ConfirmAgreement, **decided).error == "illegal-transition"
    story.now = NINE + 31 * DAY
    late = refusal(story, say.ConfirmAgreement, step=Confirmation.APPLIED)
    assert late.error == "confirmation-too-late"
    applied: dict[str, Any] = {"step": Confirmation.APPLIED, "at": NINE + 30 * DAY}
    assert story.say(say.ConfirmAgreement, CENTRE, **applied) == "confirmation_applied"
    assert story.say(say.ConfirmAgreement, CENTRE, **decided) == "confirmation_confirmed"
    assert refusal(story, say.ConfirmAgreement, **applied).error == "illegal-transition"


def test_the_court_enforces_only_what_it_has_confirmed() -> None:
    """Otherwise a broken agreement goes back to mediation, whatever the profile or the centre would like."""
    story = signed()
    assert refusal(story, say.RouteAgreement, route=Route.MEDIATION).error == "illegal-transition"
    breaks(story)
    assert refusal(story, say.RouteAgreement, route=Route.ENFORCEMENT).error == "not-enforceable"
    story = signed()
    story.say(say.ConfirmAgreement, CENTRE, step=Confirmation.APPLIED)
    story.say(say.ConfirmAgreement, CENTRE, step=Confirmation.CONFIRMED)
    breaks(story)
    assert story.known().promises.agreements[0].route is Route.ENFORCEMENT
    assert story.say(say.RouteAgreement, CENTRE, route=Route.MEDIATION) == "routed"
    assert story.say(say.RouteAgreement, CENTRE, route=Route.MEDIATION) == "routed_before"


def test_a_broken_agreement_goes_back_to_its_mediators_and_binds_until_it_is_amended() -> None:
    """A new tier is entered; kept after all, the tier ends and the dispute is agreed as before."""
    story = signed(*TWICE, principal="1500.50", **TIERS)
    assert dispute_state(story) == "agreed"
    breaks(story, 3)
    assert story.said() == ["agreement.breached", "tier.entered"]
    assert dispute_state(story) == "mediating"
    again: dict[str, Any] = {
        "obligations": promises(("respondent", "pay", "9.00", 60)),
        "principal": "9.00",
        "amends": 1,
    }
    assert refusal(story, say.SignAgreement, **again).error == "consent-missing"
    story.say(say.PerformAgreement, CENTRE, obligation_id=id_of(story, 3))
    assert story.said() == ["obligation.recorded", "tier.ended"]
    assert (stands(story), dispute_state(story)) == ("in_force", "agreed")
    pay(story, "1000.00", "a")
    pay(story, "500.50", "b", 2)
    assert (story.known().state, story.known().outcome) == ("closed", Outcome.FULFILLED)
    assert dispute_state(story) == "ended"


def test_an_agreement_signed_in_time_holds_although_its_tier_has_expired_since() -> None:
    """Where it names that tier; the tier above is overtaken. One that was signed after the limit does not hold."""
    story = Story(world=FakeWorld(directory=index(**TIERS))).opened("D0402")
    story.say(RecordMediation, CENTRE, consent=("applicant", "respondent"))
    tier = f"{story.known().case_id}/tier#1"
    due = NINE + 10 * DAY - 9 * HOUR + DAY
    story.now = due + HOUR
    assert story.apply(story.breach(ClockKind.TIER, due, clock_id=tier)) == "tier_expired"
    facts: dict[str, Any] = {"obligations": promises(("respondent", "pay", "5.00", 30)), "principal": "5.00"}
    assert refusal(story, say.SignAgreement, **facts, tier_id=tier).error == "tier-ended"
    assert story.say(say.SignAgreement, CENTRE, **facts, tier_id=tier, at=due - HOUR) == "signed"
    assert (story.said()[:2], dispute_state(story)) == (["tier.ended", "tier.ended"], "agreed")


def test_only_who_is_in_default_is_listed_and_fulfilment_restores_its_credit() -> None:
    """The centre enters, the party objects once, the centre decides; paid, it leaves by itself."""
    story = signed(*ONCE, ("applicant", "repair", None, 60))
    assert refusal(story, say.EnterDefaulter, party="respondent").error == "illegal-transition"
    breaks(story)
    assert refusal(story, say.EnterDefaulter, party="applicant").error == "illegal-transition"
    assert story.say(say.EnterDefaulter, CENTRE, party="respondent") == "listed"
    assert story.say(say.EnterDefaulter, CENTRE, party="respondent") == "listed_before"
    assert refusal(story, say.DecideDefaulter, party="respondent", upheld=True).error == "illegal-transition"
    assert story.say(say.AppealDefaulter, CENTRE, party="respondent") == "appealed"
    assert refusal(story, say.AppealDefaulter, party="respondent").error == "illegal-transition"
    assert story.say(say.DecideDefaulter, CENTRE, party="respondent", upheld=False) == "appeal_dismissed"
    pay(story, "1000.00")
    assert story.known().promises.listing("respondent") is None
    assert story.known().promises.listings[0].because == "fulfilled"
    assert refusal(story, say.AppealDefaulter, party="respondent").error == "unknown-party"


def test_an_appeal_that_is_upheld_takes_a_party_off() -> None:
    """Though it still owes, and may be entered again by a decision of the centre."""
    story = signed()
    breaks(story)
    story.say(say.EnterDefaulter, CENTRE, party="respondent")
    story.say(say.AppealDefaulter, CENTRE, party="respondent")
    story.say(say.DecideDefaulter, CENTRE, party="respondent", upheld=True)
    assert story.known().promises.listings[0].because == "appeal_upheld"
    assert states(story) == ["open"]


def test_the_list_takes_no_free_text_and_a_district_may_keep_none() -> None:
    """No name gets in by a note or by a field nobody knows."""
    facts = {"district": "620802", "case_id": "620802-260701-dddddddd", "occurred_at": NINE, "recorded_at": NINE}
    entry = {**facts, "actor": CENTRE, "party": "respondent", "name": "王某", "附注": "王某"}
    assert "王某" not in say.EnterDefaulter.model_validate(entry).model_dump_json()
    with pytest.raises(ValidationError):
        say.EnterDefaulter.model_validate({**entry, "note": "王某欠款不还"})
    story = signed(agreements={"defaulters": {"entry": "none"}})
    breaks(story)
    assert refusal(story, say.EnterDefaulter, party="respondent").error == "illegal-transition"


def test_a_withdrawn_case_owes_nothing_and_lists_nobody() -> None:
    """What was promised in it is void; escalation's late word changes nothing."""
    story = signed(agreements={"defaulters": {"entry": "breach"}})
    breaks(story)
    story.say(WithdrawCase, CENTRE, reason="opened by mistake")
    assert (states(story), stands(story)) == (["void"], "void")
    assert story.known().promises.listing("respondent") is None
    assert refused_payment(story, "1.00").error == "illegal-transition"


def test_the_centre_looks_after_it_and_stops_when_everything_is_fulfilled() -> None:
    """Visits are obligations of the centre with clocks, but no condition of fulfilment."""
    visits = ["7 calendar_days", "30 calendar_days"]
    story = signed(agreements={"visits": visits})
    assert [(one.party, str(one.what)) for one in story.known().promises.obligations[1:]] == [("centre", "visit")] * 2
    story.now += DAY
    assert story.say(say.PerformAgreement, CENTRE, obligation_id=id_of(story, 2)) == "obligation_fulfilled"
    pay(story, "1000.00")
    assert states(story) == ["fulfilled", "fulfilled", "void"]

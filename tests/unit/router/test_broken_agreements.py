"""Broken agreements: said once whatever is read first, enforced or mediated again, and who is listed for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts import agreeing as say
from shared.contracts import agreements as told
from shared.contracts.agreements import Confirmation, Route
from shared.contracts.cases import Outcome
from shared.contracts.commands import WithdrawCase
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import RecordMediation
from tests.support.agreeing import (
    DAY,
    ONCE,
    TIERS,
    TWICE,
    breaks,
    dispute_state,
    id_of,
    pay,
    promises,
    refusal,
    refused_payment,
    signed,
    stands,
    states,
)
from tests.support.routing import CENTRE, HOUR, NINE, FakeWorld, Story, index, short


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

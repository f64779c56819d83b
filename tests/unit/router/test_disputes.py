"""Disputes are mediated in tiers: who mediates, who may record what, how a dispute climbs and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.domain.model import index_of
from shared.contracts.cases import Outcome
from shared.contracts.commands import AssignCase, ReopenCase, WithdrawCase
from shared.contracts.disputes import MediationRecorded, TierName, TierOutcome
from shared.contracts.escalations import ClockKind
from shared.contracts.incidents import Subject
from shared.contracts.mediation import AssignMediator, ExtendMediation, FormTaskForce, RecordMediation
from shared.decision import Rejected
from tests.support.disputing import (
    BOTH,
    MEDIATOR,
    OTHER_TOWN,
    POLICE,
    WEST,
    ended,
    entered,
    expire,
    mediated,
    quarrel,
    record,
    tiers,
)
from tests.support.routing import CENTRE, FakeWorld, Story, dept, index

DAY = timedelta(days=1)


def refused(story: Story, error: str, **fields: Any) -> str:
    """Check that a record is refused and changes nothing; return the sentence."""
    before = story.case
    with pytest.raises(Rejected) as refusal:
        record(story, **fields)
    assert (refusal.value.error, story.case) == (error, before)
    return str(refusal.value)


def test_a_dispute_is_mediated_and_gives_nobody_a_task() -> None:
    """It enters the first tier under the mediator next door; the time of its tier and of the whole begin."""
    story = quarrel()
    assert story.said() == ["case.opened", "tier.entered"]
    tier = entered(story)
    assert (tier.tier, tier.owner, tier.reason) == (TierName.COMMUNITY, "east", "opened")
    assert (str(tier.limit), str(tier.total)) == ("10 calendar_days", "30 calendar_days")
    assert not story.known().tasks
    assert index_of(story.known())["mediator"] == f"620802/{tier.mediator}"


def test_a_profile_without_mediation_gives_disputes_to_departments() -> None:
    """As before: what a district has not chosen does not happen."""
    story = Story(world=FakeWorld(index())).opened("D0402")
    assert story.said() == ["case.opened", "task.assigned"]


@pytest.mark.parametrize(
    ("loads", "place", "chosen"),
    [
        ({"east-1": 1}, {}, "east-2"),
        ({"east-2": 1}, {}, "east-1"),
        ({"east-1": 2, "east-2": 2}, {}, "town-1"),
        ({"east-1": 2, "east-2": 2, "town-1": 10}, {}, "east-1 or east-2"),
        ({}, {"community": WEST}, "town-1"),
        ({}, {"community": None}, "town-1"),
        ({}, {"community": None, "township": OTHER_TOWN}, "elsewhere-1"),
        ({"east-1": 1}, {"subject": Subject(kind="estate", name="金都花园")}, "east-1"),
    ],
)
def test_the_mediator_is_chosen_by_place_load_and_conflict_of_interest(
    loads: dict[str, int], place: dict[str, Any], chosen: str
) -> None:
    """Nearest first, then the lowest load; who has enough comes last, who has an interest never."""
    tier = entered(quarrel(loads, **place))
    assert tier.mediator in chosen.split(" or ")
    assert str(tier.mediator) in tier.explanation[0]


def test_further_up_speciality_goes_before_the_place() -> None:
    """And somebody with an interest is left out although the matter is her speciality."""
    story = quarrel(partner="hotline")
    record(story, outcome="failed")
    assert entered(story).mediator == "gold-2"
    partial = quarrel()
    record(partial, outcome="failed")
    assert entered(partial).mediator == "gold-3"
    assert "1 left out as partial" in entered(partial).explanation[1]


def test_where_nobody_can_mediate_the_centre_is_told_to_name_one() -> None:
    """The dispute does not skip the tier; who leads the case answers for it."""
    story = quarrel(index=mediated(mediators=[]))
    assert (entered(story).mediator, entered(story).owner) == (None, story.known().lead)
    assert "the centre names one" in entered(story).explanation[0]


def test_a_police_alert_is_mediated_with_the_police_station() -> None:
    """警调对接: the station may record as well, in the first tier only."""
    story = quarrel(**POLICE)
    assert entered(story).co_mediator == "station"
    assert record(story, dept("station"), consent=BOTH) == "mediation_recorded"
    record(story, outcome="failed")
    assert entered(story).co_mediator is None
    refused(story, "forbidden", who=dept("station"), hearing=True)


def test_the_parties_agree_with_their_consent_recorded() -> None:
    """The tier ends, the dispute stands as agreed, and its case stays open until that is fulfilled."""
    story = quarrel()
    assert record(story, consent=["applicant"]) == "mediation_recorded"
    assert record(story, consent=["respondent"], hearing=True, outcome="agreement") == "agreed"
    assert story.said() == ["mediation.recorded", "tier.ended"]
    assert (ended(story).outcome, ended(story).consents, ended(story).hearings) == (TierOutcome.AGREEMENT, BOTH, 1)
    case = story.known()
    assert case.dispute
    assert (case.state, str(case.dispute.state)) == ("in_progress", "agreed")
    assert index_of(case)["mediator"] is None


@pytest.mark.parametrize("consent", [[], ["applicant"], ["applicant", "applicant"]])
def test_without_the_consent_of_two_parties_there_is_no_agreement(consent: list[str]) -> None:
    """One party cannot agree with itself."""
    assert "2 parties" in refused(quarrel(), "consent-missing", consent=consent, outcome="agreement")


def test_a_consent_counts_for_its_tier_only() -> None:
    """Who consented to the neighbour has not consented to the lawyer."""
    story = quarrel()
    record(story, consent=BOTH, outcome="failed")
    refused(story, "consent-missing", who=dept("justice"), outcome="agreement")


@pytest.mark.parametrize(
    ("who", "mediator"),
    [
        (dept("justice"), "east-1"),
        (dept("street"), "town-1"),
        (dept("street"), "elsewhere-1"),
        (MEDIATOR, None),
        (MEDIATOR, "town-1"),
    ],
)
def test_nobody_but_the_tiers_mediator_records(who: Any, mediator: str | None) -> None:
    """Not another department, not another mediator, not one who does not say who she is."""
    refused(quarrel({"east-2": 1}), "forbidden", who=who, mediator=mediator, consent=BOTH)


def test_the_centre_records_for_a_mediator() -> None:
    """A note on paper comes to the centre."""
    assert record(quarrel(), CENTRE, mediator=None, consent=BOTH, outcome="agreement") == "agreed"


def test_a_failure_takes_the_dispute_up_to_the_court_and_no_further() -> None:
    """With its file; what arbitration or court cannot settle by consent, it judges, and the case is over."""
    story = quarrel()
    for department in ("east", "justice", "justice"):
        assert record(story, dept(department), outcome="failed") == "promoted"
        assert story.said()[-2:] == ["tier.ended", "tier.entered"]
    assert entered(story).tier is TierName.COURT
    assert record(story, dept("court"), outcome="failed") == "judged"
    assert story.said() == ["tier.ended", "case.closed"]
    assert (story.known().state, story.known().outcome) == ("closed", Outcome.JUDGED)
    with pytest.raises(Rejected, match="nothing more is recorded"):
        record(story, dept("court"), outcome="failed")


def test_the_file_goes_up_with_the_dispute() -> None:
    """Hearings count on, parties stay known."""
    story = quarrel()
    record(story, consent=BOTH, hearing=True)
    record(story, outcome="failed")
    record(story, dept("justice"), hearing=True)
    assert story.events[-1].hearing == 2 if isinstance(story.events[-1], MediationRecorded) else False
    assert story.known().dispute.parties == BOTH  # type: ignore[union-attr]


@pytest.mark.parametrize("department", ["east", "justice"])
def test_the_parties_may_leave_for_court_at_any_time(department: str) -> None:
    """Even after the limit, for nobody may be kept from a court."""
    story = quarrel()
    if department == "justice":
        record(story, outcome="failed")
    story.now += 20 * DAY
    assert record(story, dept(department), outcome="withdrawn", to_court=True) == "left_for_court"
    assert (entered(story).tier, entered(story).reason) == (TierName.COURT, "left_for_court")
    with pytest.raises(Rejected, match="no tier above"):
        record(story, dept("court"), outcome="withdrawn", to_court=True)


def test_parties_who_want_no_mediation_end_the_case() -> None:
    """They went home."""
    story = quarrel()
    assert record(story, outcome="withdrawn", reason="自行和解") == "dispute_withdrawn"
    assert story.known().outcome is Outcome.DISPUTE_WITHDRAWN


def test_an_expired_tier_promotes_and_the_next_begins_when_that_was_known() -> None:
    """Not in the past: nobody could have acted there before."""
    story = quarrel()
    story.now += 30 * DAY
    assert expire(story) == "tier_expired"
    assert tiers(story) == ["community:expired", "gold:runs"]
    assert (ended(story).by, entered(story).occurred_at) == ("clock", story.now)


def test_mediation_as_a_whole_ends_at_court() -> None:
    """Thirty days are the law's; whoever has it then, arbitration or court is next."""
    story = quarrel()
    assert expire(story, ClockKind.MEDIATION) == "total_expired"
    assert tiers(story) == ["community:expired", "court:runs"]
    assert entered(story).total is None


def test_there_is_nothing_above_the_last_tier() -> None:
    """A limit that the profile gives a court may run out; the dispute stays there."""
    story = quarrel(index=mediated(mediation={"tiers": [
        {"name": "community", "limit": "10 calendar_days"}, {"name": "court", "limit": "90 calendar_days"},
    ]}))  # fmt: skip
    record(story, outcome="failed")
    due = story.known().dispute.tier.due_at  # type: ignore[union-attr]
    assert due is not None
    assert story.apply(story.breach(ClockKind.TIER, due, clock_id=f"{story.known().case_id}/tier#2")) == "overtaken"
    assert tiers(story) == ["community:failed", "court:runs"]


@pytest.mark.parametrize("known", [True, False])
def test_an_outcome_after_the_limit_is_refused_whether_or_not_the_breach_is_known(known: bool) -> None:  # noqa: FBT001
    """Two topics, two orders, one answer."""
    story = quarrel()
    record(story, consent=BOTH)
    first = f"{story.known().case_id}/tier#1"
    story.now += 11 * DAY
    if known:
        expire(story)
    refused(story, "tier-ended", tier_id=first, outcome="agreement")


def test_an_agreement_made_in_time_overtakes_the_expiry_that_was_heard_first() -> None:
    """What counts is when it happened, not when it was told (DOMAIN §5)."""
    story = quarrel()
    record(story, consent=BOTH)
    first, signed = f"{story.known().case_id}/tier#1", story.now + 9 * DAY
    mediator = story.known().dispute.tier.mediator  # type: ignore[union-attr]
    expire(story)
    story.now += DAY
    said = record(story, tier_id=first, mediator=mediator, at=signed, outcome="agreement")
    assert (said, story.said()) == ("agreed", ["tier.ended", "tier.ended"])
    assert tiers(story) == ["community:agreement", "gold:overtaken"]


def test_an_expiry_that_is_heard_after_the_agreement_changes_nothing() -> None:
    """The other way round."""
    story = quarrel()
    due = story.known().dispute.tier.due_at  # type: ignore[union-attr]
    assert due is not None
    record(story, consent=BOTH, outcome="agreement")
    assert story.apply(story.breach(ClockKind.TIER, due, clock_id=f"{story.known().case_id}/tier#1")) == "overtaken"
    assert tiers(story) == ["community:agreement"]


def extend(story: Story, **fields: Any) -> str:
    """Ask for more time."""
    mediator = story.known().dispute.tier.mediator  # type: ignore[union-attr]
    wish = {"mediator": mediator, "limit": "5 calendar_days", "consent": BOTH, "reason": "待鉴定", **fields}
    return story.say(ExtendMediation, MEDIATOR, **wish)


def test_more_time_moves_both_limits_and_old_news_of_a_breach_is_none() -> None:
    """The parties consented, which the event keeps."""
    story = quarrel()
    record(story, consent=BOTH)
    old = story.known().dispute
    assert old
    assert extend(story) == "mediation_extended"
    new = story.known().dispute
    assert new
    assert (new.tier.due_at, new.total_due_at) == (old.tier.due_at + 5 * DAY, old.total_due_at + 5 * DAY)  # type: ignore[operator]
    for kind, due in ((ClockKind.TIER, old.tier.due_at), (ClockKind.MEDIATION, old.total_due_at)):
        stale = story.breach(kind, due, clock_id=f"{story.known().case_id}/tier#1")  # type: ignore[arg-type]
        assert story.apply(stale) == "overtaken"


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"consent": ["applicant"]}, "consent-missing"),
        ({"consent": ["applicant", "witness"]}, "consent-missing"),
        ({"limit": "11 calendar_days"}, "extension-too-long"),
        ({"limit": "9 working_days"}, "extension-too-long"),
        ({"tier_id": "620802-260701-aaaaaaaa/tier#7"}, "tier-ended"),
        ({"mediator": "town-1"}, "forbidden"),
    ],
)
def test_more_time_is_refused(wish: dict[str, Any], error: str) -> None:
    """Without every party's consent, beyond what the district allows, or by somebody else."""
    story = quarrel()
    record(story, consent=BOTH)
    with pytest.raises(Rejected) as refusal:
        extend(story, **wish)
    assert refusal.value.error == error


def test_more_time_is_given_once_and_not_after_the_limit() -> None:
    """Nor by saying that it was asked for before."""
    story = quarrel()
    extend(story)
    with pytest.raises(Rejected, match="1 are allowed"):
        extend(story)
    late = quarrel()
    late.now += 11 * DAY
    with pytest.raises(Rejected, match="only before"):
        extend(late, at=late.now - 2 * DAY)


def test_a_partial_mediator_is_replaced_and_never_chosen_again() -> None:
    """回避. The limit of the tier goes on."""
    story = quarrel({"east-2": 1})
    due = story.known().dispute.tier.due_at  # type: ignore[union-attr]
    assert story.say(AssignMediator, CENTRE, conflict=True, reason="亲属") == "mediator_assigned"
    case = story.known()
    assert case.dispute
    assert (case.dispute.tier.mediator, case.dispute.excluded) == ("east-2", ("east-1",))
    assert case.dispute.tier.due_at == due
    refused(story, "forbidden", mediator="east-1", consent=BOTH)


@pytest.mark.parametrize(
    ("mediator", "error"),
    [
        ("elsewhere-1", "wrong-mediator"),
        ("gold-1", "wrong-mediator"),
        ("620803-1", "unknown-mediator"),
        ("east-2", "conflict-of-interest"),
        ("east-1", "invalid-command"),
    ],
)
def test_the_centre_cannot_name_just_anybody(mediator: str, error: str) -> None:
    """Not of another place, tier or district, not somebody with an interest, not the one it is."""
    story = quarrel(subject=Subject(kind="estate", name="金都花园"))
    with pytest.raises(Rejected) as refusal:
        story.say(AssignMediator, CENTRE, mediator=mediator, reason="x")
    assert refusal.value.error == error


def test_nobody_is_left_to_take_over() -> None:
    """Then the present one stays until somebody is named."""
    story = quarrel(index=mediated(mediators=[{"code": "a", "name": "a", "tier": "community", "department": "east"}]))
    with pytest.raises(Rejected) as refusal:
        story.say(AssignMediator, CENTRE, conflict=True, reason="x")
    assert refusal.value.error == "no-mediator"


def test_a_task_force_hears_the_parties_five_times() -> None:
    """专班: every department in it may record; what it cannot settle goes to court."""
    story = quarrel()
    assert story.say(FormTaskForce, CENTRE, lead="housing", departments=["justice"], reason="37户") == "task_force"
    assert entered(story).members == ("housing", "justice")
    assert entered(story).total is None
    for who in ("housing", "justice", "housing", "justice", "housing"):
        record(story, dept(who), hearing=True, mediator=None)
    assert story.known().dispute.hearings == 5  # type: ignore[union-attr]
    refused(story, "forbidden", hearing=True)
    record(story, dept("housing"), mediator=None, outcome="failed")
    assert tiers(story) == ["community:referred", "task_force:failed", "court:runs"]


def test_a_task_force_needs_departments_that_exist() -> None:
    """And a dispute that is mediated."""
    with pytest.raises(Rejected, match="no department 'nobody'"):
        quarrel().say(FormTaskForce, CENTRE, lead="nobody", reason="x")
    with pytest.raises(Rejected, match="is no dispute"):
        Story().opened().say(FormTaskForce, CENTRE, lead="housing", reason="x")


@pytest.mark.parametrize(
    "fields", [{}, {"outcome": "agreement", "to_court": True}, {"outcome": None, "present": ["applicant"]}]
)
def test_a_record_that_says_nothing_is_refused(fields: dict[str, Any]) -> None:
    """Or one that contradicts itself."""
    refused(quarrel(), "invalid-command", **fields)


def test_departments_are_not_assigned_to_a_dispute() -> None:
    """It has a mediator."""
    with pytest.raises(Rejected, match=r"mediation\.assign"):
        quarrel().say(AssignCase, CENTRE, lead="housing")


def test_a_withdrawn_case_ends_its_tier() -> None:
    """Nobody mediates what is no case any more."""
    story = quarrel()
    story.say(WithdrawCase, CENTRE, reason="x")
    assert story.said() == ["tier.ended", "case.withdrawn"]
    assert ended(story).outcome is TierOutcome.CLOSED


def test_a_case_opened_again_is_mediated_where_it_was_last_with_a_new_total() -> None:
    """Old clocks say nothing of the new episode."""
    story = quarrel()
    record(story, outcome="failed")
    record(story, dept("justice"), outcome="withdrawn")
    assert story.say(ReopenCase, CENTRE, reason="x") == "reopened"
    assert (entered(story).tier, str(entered(story).total)) == (TierName.GOLD, "30 calendar_days")


def test_a_dispute_that_goes_round_for_ever_is_stopped() -> None:
    """By a number of tiers that no dispute needs."""
    story = quarrel()
    for _ in range(39):
        record(story, CENTRE, mediator=None, outcome="withdrawn")
        story.say(ReopenCase, CENTRE, reason="x")
    record(story, CENTRE, mediator=None, outcome="withdrawn")
    with pytest.raises(Rejected, match="40 tiers"):
        story.say(ReopenCase, CENTRE, reason="x")


def test_another_case_of_the_same_batch_gets_another_mediator_of_equals() -> None:
    """Loads are counted before the batch; the case's number spreads what comes at once."""
    assert {entered(quarrel(number=n)).mediator for n in range(12)} == {"east-1", "east-2"}


def test_a_command_of_another_kind_of_partner_has_no_department() -> None:
    """A hotline that was let give the command is no mediator."""
    hotline = CENTRE.model_copy(update={"kind": "hotline_12345", "department": None, "partner": "hotline"})
    with pytest.raises(Rejected) as refusal:
        quarrel().say(RecordMediation, hotline, consent=BOTH)
    assert refusal.value.error == "forbidden"

"""What is recorded of a dispute that is mediated, by whom, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.domain.model import index_of
from shared.contracts.cases import Outcome
from shared.contracts.commands import AssignCase, WithdrawCase
from shared.contracts.disputes import MediationRecorded, TierName, TierOutcome
from shared.contracts.mediation import RecordMediation
from shared.decision import Rejected
from tests.support.disputing import (
    BOTH,
    MEDIATOR,
    POLICE,
    ended,
    entered,
    quarrel,
    record,
    refused,
)
from tests.support.routing import CENTRE, FakeWorld, Story, dept, index

DAY = timedelta(days=1)


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


def test_a_command_of_another_kind_of_partner_has_no_department() -> None:
    """A hotline that was let give the command is no mediator."""
    hotline = CENTRE.model_copy(update={"kind": "hotline_12345", "department": None, "partner": "hotline"})
    with pytest.raises(Rejected) as refusal:
        quarrel().say(RecordMediation, hotline, consent=BOTH)
    assert refusal.value.error == "forbidden"

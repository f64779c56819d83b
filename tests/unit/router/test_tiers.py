"""How a dispute climbs the ladder: by failure and expiry, in whichever order things are heard; more time by consent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.cases import Outcome
from shared.contracts.commands import ReopenCase
from shared.contracts.disputes import TierName
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import ExtendMediation
from shared.decision import Rejected
from tests.support.disputing import (
    BOTH,
    MEDIATOR,
    ended,
    entered,
    expire,
    mediated,
    quarrel,
    record,
    refused,
    tiers,
)
from tests.support.routing import CENTRE, Story, dept

DAY = timedelta(days=1)


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


@pytest.mark.parametrize("said", [{"outcome": "failed"}, {"outcome": "withdrawn", "to_court": True}, {"hearing": True}])
def test_a_former_mediator_has_no_say_in_what_became_of_the_dispute(said: dict[str, Any]) -> None:
    """Not even of what would have been in time: that the parties had agreed is all that can still be told."""
    story = quarrel()
    first, then = f"{story.known().case_id}/tier#1", story.now + DAY
    mediator = story.known().dispute.tier.mediator  # type: ignore[union-attr]
    expire(story)
    refused(story, "tier-ended", tier_id=first, mediator=mediator, at=then, **said)


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

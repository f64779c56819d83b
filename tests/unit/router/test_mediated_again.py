"""Disputes that go back to their mediators: from when on, and to whom where a batch of households is concerned."""

from __future__ import annotations

from typing import Any

from services.router.domain.change import Mediating
from shared.contracts import agreeing as say
from shared.contracts.agreements import Confirmation, Route
from shared.contracts.commands import WithdrawCase
from shared.contracts.disputes import TierName
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import FormTaskForce, OpenBatch
from tests.support.agreeing import DAY, TIERS, breaks, id_of, promises, refusal, signed, stands
from tests.support.disputing import BOTH, entered, quarrel, record, refused
from tests.support.routing import CENTRE, HOUR, Story, short

AGREED: dict[str, Any] = {"obligations": promises(("respondent", "pay", "5.00", 10)), "principal": "5.00"}


def test_where_the_centre_sends_a_broken_agreement_the_time_begins_when_that_became_known() -> None:
    """A command that is dated back gives the mediators no tier whose limit has half run out."""
    story = signed(mediation=TIERS["mediation"])
    story.say(say.ConfirmAgreement, CENTRE, step=Confirmation.APPLIED)
    story.say(say.ConfirmAgreement, CENTRE, step=Confirmation.CONFIRMED)
    breaks(story)
    story.now += 2 * DAY
    assert story.say(say.RouteAgreement, CENTRE, route=Route.MEDIATION, at=story.now - 40 * HOUR) == "routed"
    assert entered(story).occurred_at == story.now


def test_of_what_was_broken_long_ago_the_mediators_have_their_whole_time() -> None:
    """Escalation was away for two days; nobody could have mediated before it said that the time had passed."""
    story = signed(mediation=TIERS["mediation"])
    one = story.known().promises.obligations[0]
    story.now = one.breach_at + 2 * DAY
    story.apply(story.breach(ClockKind.OBLIGATION, one.breach_at, clock_id=id_of(story)))
    assert (stands(story), entered(story).occurred_at) == ("breached", story.now)


def batch() -> Story:
    """Return a dispute that takes files."""
    story = quarrel()
    story.say(OpenBatch, CENTRE, expected=3)
    return story


def household(parent: Story) -> Story:
    """Return a file under it, agreed and broken."""
    story = Story(world=parent.world)
    story.world.around = Mediating(parent=parent.known())
    story.opened("D0402", number=2, batch=parent.known().case_id)
    record(story, CENTRE, mediator=None, consent=BOTH)
    story.say(say.SignAgreement, CENTRE, **AGREED)
    return story


def test_a_household_whose_agreement_is_broken_goes_back_to_who_mediates_its_batch() -> None:
    """Without a limit of its own, as before; and to a mediator of its own where the batch is over."""
    parent = batch()
    story = household(parent)
    breaks(story)
    assert (entered(story).tier, entered(story).limit, entered(story).total) == (TierName.BATCH, None, None)
    other = household(parent)
    parent.say(WithdrawCase, CENTRE, reason="not one matter")
    other.world.around = Mediating(parent=parent.known())
    breaks(other)
    assert (entered(other).tier, entered(other).batch) == (TierName.COMMUNITY, None)


def test_nobody_agrees_for_all_households_of_a_batch() -> None:
    """Fulfilled, it would close over their open files; each has its own agreement."""
    story = batch()
    record(story, CENTRE, mediator=None, consent=BOTH)
    assert "household" in refused(story, "illegal-transition", who=CENTRE, outcome="agreement")
    assert refusal(story, say.SignAgreement, **AGREED).error == "illegal-transition"


def test_what_is_agreed_on_as_a_whole_takes_no_files() -> None:
    """Before it is broken, and while it is mediated again."""
    story = quarrel()
    story.say(FormTaskForce, CENTRE, lead="housing", departments=["justice"], reason="37户")
    record(story, CENTRE, mediator=None, consent=BOTH)
    story.say(say.SignAgreement, CENTRE, **AGREED)
    assert refusal(story, OpenBatch).error == "illegal-transition"
    breaks(story)
    assert [short(one) for one in story.events[-2:]] == ["agreement.breached", "tier.entered"]
    assert refusal(story, OpenBatch).error == "illegal-transition"

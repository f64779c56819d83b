"""Short words for agreements, for tests of the router: signed, paid, broken, refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shared.contracts import agreeing as say
from shared.contracts.commands import Command
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import RecordMediation
from shared.decision import Rejected
from tests.support.routing import CENTRE, HOUR, FakeWorld, Story, index

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

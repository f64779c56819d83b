"""A district that mediates, and short words for what its mediators record, for tests of disputes."""

from __future__ import annotations

from typing import Any

import pytest

from services.router.domain.change import Mediating
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.disputes import TierEnded, TierEntered
from shared.contracts.escalations import ClockKind
from shared.contracts.mediation import RecordMediation
from shared.decision import Rejected
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from tests.support.routing import PROFILE, FakeWorld, Story, dept

TOWN, OTHER_TOWN = "620802001", "620802002"
EAST, WEST = "620802001001", "620802001002"


def _mediator(code: str, tier: str, department: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "tier": tier, "department": department, **more}


MEDIATORS = (
    _mediator("east-1", "community", "east", areas=[EAST], capacity=2),
    _mediator("east-2", "community", "east", areas=[EAST], capacity=2, interests=["estate:金都花园"]),
    _mediator("town-1", "community", "street", areas=[TOWN], specialities=["D04*"]),
    _mediator("elsewhere-1", "community", "street", areas=[OTHER_TOWN]),
    _mediator("gold-1", "gold", "justice", specialities=["D07*"]),
    _mediator("gold-2", "gold", "justice", specialities=["D04*"], interests=["grid-app"]),
    _mediator("gold-3", "gold", "justice"),
    _mediator("lawyer-1", "lawyer", "justice"),
    _mediator("court-1", "court", "court"),
)

DEPARTMENTS = (
    *PROFILE["departments"],
    {"code": "street", "name": "street", "kind": "township", "areas": [TOWN]},
    {"code": "east", "name": "east", "kind": "community", "community": EAST},
    {"code": "station", "name": "station", "kind": "police_station", "areas": [TOWN]},
    {"code": "court", "name": "court", "kind": "department"},
)

MEDIATED: dict[str, Any] = {
    **PROFILE,
    "townships": [{"code": TOWN, "name": "东关"}, {"code": OTHER_TOWN, "name": "西关"}],
    "communities": [{"code": EAST, "name": "东社区"}, {"code": WEST, "name": "西社区"}],
    "departments": list(DEPARTMENTS),
    "mediators": list(MEDIATORS),
    "mediation": {"categories": ["D*"], "max_extension": "10 calendar_days"},
}


def mediated(**changes: Any) -> DirectoryIndex:
    """Return the index of the district, with other values of sections where named."""
    merged = {
        name: {**MEDIATED[name], **value} if isinstance(value, dict) else value for name, value in changes.items()
    }
    return DirectoryIndex(Profile.model_validate({**MEDIATED, **merged}))


USUAL = mediated()
HERE = {"township": TOWN, "community": EAST}
BOTH = ("applicant", "respondent")
MEDIATOR = dept("east")
POLICE: dict[str, Any] = {"partner": "police-110", "partner_kind": PartnerKind.POLICE_110}


def quarrel(loads: dict[str, int] | None = None, index: DirectoryIndex = USUAL, **report: Any) -> Story:
    """Return a dispute that has just been opened in the eastern community."""
    return Story(world=FakeWorld(index, around=Mediating(loads or {}))).opened("D0402", **{**HERE, **report})


def record(story: Story, who: Actor = MEDIATOR, **fields: Any) -> str:
    """Let somebody record something of the running tier, as its mediator unless said otherwise."""
    mediator = story.known().dispute and story.known().dispute.tier.mediator  # type: ignore[union-attr]
    return story.say(RecordMediation, who, **{"mediator": mediator, **fields})


def expire(story: Story, kind: ClockKind = ClockKind.TIER, **fields: Any) -> str:
    """Let a limit of mediation run out, as escalation says it."""
    dispute = story.known().dispute
    assert dispute is not None
    due = dispute.tier.due_at if kind is ClockKind.TIER else dispute.total_due_at
    assert due is not None
    story.now = max(story.now, due)
    clock = f"{story.known().case_id}/tier#{dispute.tier.number}"
    return story.apply(story.breach(kind, due, clock_id=clock, **fields))


def tiers(story: Story) -> list[str]:
    """Return the tiers the dispute has been in, each with how it ended."""
    dispute = story.known().dispute
    assert dispute is not None
    return [f"{one.name}:{one.outcome or 'runs'}" for one in dispute.tiers]


def entered(story: Story) -> TierEntered:
    """Return the last tier entered."""
    return next(one for one in reversed(story.events) if isinstance(one, TierEntered))


def ended(story: Story) -> TierEnded:
    """Return the last tier ended."""
    return next(one for one in reversed(story.events) if isinstance(one, TierEnded))


def refused(story: Story, error: str, **fields: Any) -> str:
    """Check that a record is refused and changes nothing; return the sentence."""
    before = story.case
    with pytest.raises(Rejected) as refusal:
        record(story, **fields)
    assert (refusal.value.error, story.case) == (error, before)
    return str(refusal.value)

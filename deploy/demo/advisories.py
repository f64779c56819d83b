"""The fourth story: one estate whose faults come back all day, until the centre puts it to the body that can end it.

Five reports of different things, hours and streets apart, name the same estate; each is handled as any other. The
proposal that comes of them is issued by the centre and answered by the department.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.reports import Reporters
from deploy.demo.say import Say
from deploy.demo.stories import later
from deploy.demo.submission import Submission
from deploy.demo.world import World
from deploy.partner.messages import Data
from shared.contracts.actors import PartnerKind
from shared.contracts.advisories import AdvisoryIssued, AdvisoryProposed, IssueAdvisory, ReplyAdvisory
from shared.contracts.base import Event

ESTATE: Data = {"kind": "estate", "name": "示例花园小区"}
MATTERS = ("E06010", "E06011", "E06012", "E06013", "E06019")
COMMUNITY = "620802002003"
APART = timedelta(minutes=35)


def recurring(reporters: Reporters, start: datetime) -> Iterator[Submission]:
    """Yield the reports about the estate."""
    chance = dice(reporters.seed, "estate")
    for number, category in enumerate(MATTERS):
        spot = reporters.places.near(COMMUNITY, chance)
        draft = reporters.draft(
            start + number * APART, PartnerKind.GRID_APP, catalogue().matter(category), spot, chance
        )
        yield replace(draft, data={**draft.data, "category": category, "subject": ESTATE}).submission()


@dataclass(frozen=True, slots=True)
class Advisers:
    """The centre, which issues what is proposed, and the addressees, who answer it."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield the issue of a proposal, and the answer to an advisory."""
        if isinstance(event, AdvisoryProposed):
            centre = self.world.of(event.case_id).centre
            yield Say(later(event.occurred_at, 40), centre, IssueAdvisory, event.case_id, None, {}, blindly=True)
        elif isinstance(event, AdvisoryIssued):
            data: Data = {"adopted": True, "note": "已约谈物业，限期整改并每周巡检"}
            at = later(event.occurred_at, 150)
            yield Say(at, event.addressee, ReplyAdvisory, event.case_id, None, data, blindly=True)

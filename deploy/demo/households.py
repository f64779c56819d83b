"""The story of a batch dispute: households who want their fees back, one task force, five hearings, a file each.

崆峒区 has 37 households sign after five hearings of one task force (专班); here are fewer, so that one can follow each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.reports import Draft, Reporters
from deploy.demo.say import Say
from deploy.demo.stories import case_of, later
from deploy.demo.submission import Submission
from deploy.demo.world import World
from deploy.partner.messages import Data
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.disputes import TierEntered, TierName
from shared.contracts.mediation import FormTaskForce, OpenBatch, RecordMediation

CATEGORY = "D0402"
COMMUNITY = "620802001004"
HOUSEHOLDS = 8
HEARINGS = 5
FORCE = ("housing", "justice", "petitions")
TEXT = "{place}某小区业主集体反映物业费退还一直没有兑现，涉及{count}户，要求政府出面协调"
FILE = "{place}某小区第{number}户登记：物业费应退未退"
BETWEEN = 35.0
"""Minutes between two hearings."""

FILES_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Households:
    """The script of the parent; the households' files are mediated by the force as well (see `Mediators`)."""

    world: World
    drafts: Sequence[Draft]
    files: Sequence[Draft]

    title = "群体性物业纠纷：成立专班，五次听证，一户一案"

    @classmethod
    def begin(cls, world: World, reporters: Reporters, at: datetime) -> Households:
        """Return the story with the report of the parent, and those of the households two hours later."""
        chance = dice(reporters.seed, "households")
        spot, matter = reporters.places.near(COMMUNITY, chance), catalogue().matter(CATEGORY)

        def draft(sent: datetime, text: str, **more: str) -> Draft:
            made = reporters.draft(sent, PartnerKind.GRID_APP, matter, spot, chance)
            return replace(made, data={**made.data, "category": CATEGORY, "text": text, **more})

        parent = draft(at, TEXT.format(place=spot.community, count=HOUSEHOLDS))
        batch = case_of(parent, reporters.profile.code)
        files = [
            draft(
                at + FILES_AFTER + timedelta(minutes=6 * number),
                FILE.format(place=spot.community, number=number),
                batch=batch,
            )
            for number in range(1, HOUSEHOLDS + 1)
        ]
        return cls(world, (parent,), tuple(files))

    def submissions(self) -> Iterator[Submission]:
        """Yield the reports of the households."""
        return (one.submission() for one in self.files)

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what centre and task force do: the force, the batch, and the hearings one after the other."""
        if not isinstance(event, TierEntered):
            return
        centre = self.world.of(event.case_id).centre
        if event.tier is TierName.COMMUNITY:
            force: Data = {"lead": FORCE[0], "departments": list(FORCE[1:]), "reason": "涉及户数多，成立工作专班"}
            yield Say(later(event.occurred_at, 9), centre, FormTaskForce, event.case_id, None, force)
            yield Say(later(event.occurred_at, 14), centre, OpenBatch, event.case_id, None, {"expected": HOUSEHOLDS})
        elif event.tier is TierName.TASK_FORCE:
            heard: Data = {"hearing": True, "present": ["owners", "manager"]}
            for number in range(1, HEARINGS + 1):
                who = FORCE[number % len(FORCE)]
                at = later(event.occurred_at, BETWEEN * number)
                yield Say(at, who, RecordMediation, event.case_id, None, heard)

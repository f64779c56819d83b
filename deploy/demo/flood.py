"""The first story: an old estate under water after a storm; three bodies meet on the spot, in three hours it is dry.

住建排水、民政送物资、社区（街道）安抚: the case on which the customer's own centre measures itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.departments import evidence
from deploy.demo.habits import HABITS
from deploy.demo.places import moved
from deploy.demo.reports import Draft, Reporters
from deploy.demo.say import Say
from deploy.demo.stories import later
from deploy.demo.teams import Teams
from deploy.demo.world import World
from shared.contracts import cases as said
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.commands import AcceptTask, CompleteTask, ProgressTask, VerifyCase
from shared.contracts.escalations import TeamSummoned

CATEGORY = "L01002"
COMMUNITY = "620802001001"
FIRST = "{place}老旧小区家属院暴雨后内涝，一楼进水，地下室积水约一米，有老人被困，请尽快排水救助"
OTHERS = (
    "{place}老旧小区家属院一楼进水，地下室积水很深，车库被淹，请尽快排水",
    "{place}家属院暴雨后一楼进水，老旧小区下水不畅，地下室积水，住户出不来",
    "{place}老旧小区家属院内涝，地下室积水约一米，家里泡水，需要安置",
)
ARRIVES = {"housing": 17.0}
SLOW = "civil-affairs"
"""The member that is not there by the muster time, is told again, and brings the relief all the same."""

SLOW_ARRIVES = 52.0
OTHERS_ARRIVE = 11.0
DONE = {"housing": 172.0, SLOW: 128.0}
OTHERS_DONE = 158.0
VERIFIED = 11.0


@dataclass(frozen=True, slots=True)
class Flood:
    """The script; minutes are counted from the report, on the virtual clock."""

    world: World
    drafts: Sequence[Draft]

    title = "暴雨后老旧小区内涝：住建排水、民政救助、街道安抚"

    @classmethod
    def begin(cls, world: World, reporters: Reporters, at: datetime) -> Flood:
        """Return the story with the report that opens it and those of three more residents a little later."""
        chance = dice(reporters.seed, "flood")
        spot = reporters.places.near(COMMUNITY, chance)
        matter = catalogue().matter(CATEGORY)
        kinds = (PartnerKind.HOTLINE_12345, PartnerKind.GRID_APP, PartnerKind.POLICE_110, PartnerKind.GRID_APP)
        drafts = []
        for number, (kind, text) in enumerate(zip(kinds, (FIRST, *OTHERS), strict=True)):
            lon, lat = moved(spot.lon, spot.lat, 6.0 * number, 8.0 * number)
            sent = at + timedelta(minutes=9 * number)
            draft = reporters.draft(sent, kind, matter, replace(spot, lon=lon, lat=lat), chance)
            drafts.append(_about(draft, text.format(place=spot.community), reporters.profile.code))
        return cls(world, tuple(drafts))

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what the three bodies and the grid worker do."""
        match event:
            case said.TaskAssigned():
                yield from self._work(event)
            case TeamSummoned():
                yield from self._muster(event)
            case said.CaseResolved():
                app = self.world.of(event.case_id).partner(PartnerKind.GRID_APP) or "grid-app"
                yield Say(later(event.occurred_at, VERIFIED), app, VerifyCase, event.case_id, None, {"ok": True})
            case _:
                return

    def _work(self, task: said.TaskAssigned) -> Iterator[Say]:
        who, start = task.department, task.occurred_at
        case = (task.case_id, task.task_id)
        yield Say(later(start, 6), who, AcceptTask, *case)
        if who == "housing":
            yield Say(
                later(start, 95), who, ProgressTask, *case, {"stage": "make-safe", "note": "两台泵车排水，断电完成"}
            )
        done = DONE.get(who, OTHERS_DONE)
        yield Say(later(start, done), who, CompleteTask, *case, {"evidence": evidence(task.task_id, 3)})

    def _muster(self, event: TeamSummoned) -> Iterator[Say]:
        teams = Teams(self.world)
        for member in event.members:
            who = member.department
            chance = dice("flood", who, event.round)
            if event.round > 1 or who in self.world.desk.file(event.case_id).present:
                continue
            arrives = later(event.occurred_at, ARRIVES.get(who, OTHERS_ARRIVE))
            if who == SLOW:
                arrives = later(event.occurred_at, SLOW_ARRIVES)
            else:
                yield teams.answer(event, who, later(event.occurred_at, 4), arrives)
            yield teams.check_in(event, who, arrives, chance)


def _about(draft: Draft, text: str, district: str) -> Draft:
    """Return the draft with the story's words and a category, sent on the district's own topic."""
    sender = replace(draft.sender, district=district)
    location = draft.data["location"]
    data = {**draft.data, "text": text, "category": CATEGORY, "occurred_at": HABITS[draft.kind].tell(draft.happened)}
    if "lon" not in location:
        data["location"] = {**location, "lon": draft.spot.lon, "lat": draft.spot.lat, "datum": "wgs84"}
    return replace(draft, sender=sender, data=data)

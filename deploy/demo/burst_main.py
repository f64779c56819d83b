"""The third story: a water main bursts; one street reports it in many words, and one flat's pipe is taken for it.

Fourteen reports of four kinds within the hour are a surge with one parent; a fifteenth, much like the first, is merged
with it, and is another pipe: the centre takes it out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import cos, pi, sin

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.departments import evidence
from deploy.demo.habits import HABITS
from deploy.demo.places import moved
from deploy.demo.reports import Draft, Reporters
from deploy.demo.say import Say
from deploy.demo.stories import later
from deploy.demo.world import World
from shared.contracts import cases as said
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.commands import AcceptTask, CompleteTask, UnmergeReport, VerifyCase
from shared.contracts.incidents import ReportMerged

COMMUNITY = "620802001002"
MAIN = "L01006"
FIRST = "{place}路口供水主管爆裂，水柱两米高，整条街都淹了，赶紧关阀"
OTHER_PIPE = "{place}小区路口供水主管旁，我家入户水管爆裂，水柱两米高，赶紧关阀"
AROUND = (
    ("E06013", "{place}路面被水冲塌一块，车过不去"),
    ("L01009", "{place}下水道往外冒，商铺门口全是泥水"),
    ("P01002", "{place}井盖被水顶开了，行人看不见，很危险"),
    (MAIN, "{place}三号楼家里停水，楼下说是管子破了"),
    ("E06013", "{place}人行道地砖塌陷，底下是空的"),
    ("P01002", "{place}污水井一直往外翻水，井盖移位"),
    (MAIN, "{place}学校门口没水了，食堂做不了饭"),
    ("L01009", "{place}地下车库倒灌，排水沟堵死了"),
    ("E06013", "{place}公交站前面路基掏空，站牌歪了"),
    (MAIN, "{place}诊所断水，病人等着用水"),
    ("L01009", "{place}小巷里积水出不去，地漏返水"),
    ("P01002", "{place}路边井圈破了，水里看不见坑"),
    ("E06013", "{place}十字路口沥青鼓包开裂，水从缝里冒"),
)
RING_M = 170.0
"""All within the district's radius of each other's middle, and farther apart than what would merge."""

TAKEN_APART = 25.0


@dataclass(frozen=True, slots=True)
class BurstMain:
    """The script; minutes are counted from what each step answers to."""

    world: World
    drafts: Sequence[Draft]

    title = "供水主管爆裂，一条街集中反映立总案；误并一件由中心分出"

    @classmethod
    def begin(cls, world: World, reporters: Reporters, at: datetime) -> BurstMain:
        """Return the story with all its reports, the first of the burst and the last of another pipe."""
        chance = dice(reporters.seed, "burst")
        spot = reporters.places.near(COMMUNITY, chance)
        hotline, app = PartnerKind.HOTLINE_12345, PartnerKind.GRID_APP
        scenes = [(MAIN, FIRST, app, 0.0), *((key, text, hotline, RING_M) for key, text in AROUND)]
        scenes.append((MAIN, OTHER_PIPE, hotline, 20.0))
        drafts = []
        for number, (key, text, kind, metres) in enumerate(scenes):
            turn = 2 * pi * number / len(AROUND)
            lon, lat = moved(spot.lon, spot.lat, metres * cos(turn), metres * sin(turn))
            place = replace(spot, lon=lon, lat=lat)
            draft = reporters.draft(at + timedelta(minutes=3 * number), kind, catalogue().matter(key), place, chance)
            drafts.append(_about(draft, key, text.format(place=spot.community), reporters.profile.code))
        return cls(world, tuple(drafts))

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what is done about the burst itself; the other reports are ordinary cases of their departments."""
        match event:
            case said.TaskAssigned():
                case = (event.case_id, event.task_id)
                yield Say(later(event.occurred_at, 6), event.department, AcceptTask, *case)
                done = {"evidence": evidence(event.task_id, 3)}
                yield Say(later(event.occurred_at, 75), event.department, CompleteTask, *case, done)
            case said.CaseResolved():
                app = self.world.of(event.case_id).partner(PartnerKind.GRID_APP) or "grid-app"
                yield Say(later(event.occurred_at, 10), app, VerifyCase, event.case_id, None, {"ok": True})
            case ReportMerged() if event.report_id == self.drafts[-1].data["report_id"]:
                yield self._take_apart(event)
            case _:
                return

    def _take_apart(self, event: ReportMerged) -> Say:
        which = {"partner": event.partner, "report_id": event.report_id, "reason": "入户管与主管不是同一处，分别办理"}
        centre = self.world.of(event.case_id).centre
        return Say(later(event.recorded_at, TAKEN_APART), centre, UnmergeReport, event.case_id, None, which)


def _about(draft: Draft, key: str, text: str, district: str) -> Draft:
    """Return the draft with the story's words, category and position, sent on the district's own topic."""
    location = {**draft.data["location"], "lon": draft.spot.lon, "lat": draft.spot.lat, "datum": "wgs84"}
    told = HABITS[draft.kind].tell(draft.happened)
    data = {**draft.data, "text": text, "category": key, "occurred_at": told, "location": location}
    return replace(draft, sender=replace(draft.sender, district=district), data=data)

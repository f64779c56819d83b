"""The second story: a leaning pole that belongs to nobody; departments return it (踢皮球) until the whistle blows.

Two returns are all the profile allows; the third department's attempt is refused, and the three solve it on the spot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from deploy.demo.catalogue import catalogue
from deploy.demo.chance import dice
from deploy.demo.departments import evidence
from deploy.demo.reports import Draft, Reporters
from deploy.demo.say import Say
from deploy.demo.stories import later
from deploy.demo.teams import Teams
from deploy.demo.world import World
from deploy.partner.messages import Data
from shared.contracts import cases as said
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.commands import AcceptTask, AssignCase, BlowWhistle, CompleteTask, ReturnTask, VerifyCase
from shared.contracts.escalations import TeamOnScene, TeamSummoned

CATEGORY = "P01034"
COMMUNITY = "620802002003"
TEXT = "{place}巷口一根没有标识的旧线杆严重倾斜，上面线缆缠绕，快要倒在行人道上，问过几家单位都说不是自己的"
RING = ("housing", "utilities", "urban-management")
"""Who is asked first, whom that one names, and whom the second names."""

REASONS = {
    "housing": "该线杆不在市政设施台账内，疑为通信或电力单位废弃线杆",
    "utilities": "经电力、通信权属单位比对均非在用设施，应由城管按无主设施处置",
    "urban-management": "本局无线杆拆除资质和设备，请住建或产权单位处理",
}


@dataclass(frozen=True, slots=True)
class PushedAround:
    """The script; minutes are counted from what each step answers to."""

    world: World
    drafts: Sequence[Draft]

    title = "无主线杆三家推诿，退单两次后吹哨，现场会商解决"

    @classmethod
    def begin(cls, world: World, reporters: Reporters, at: datetime) -> PushedAround:
        """Return the story with its one report."""
        chance = dice(reporters.seed, "pushed")
        spot = reporters.places.near(COMMUNITY, chance)
        draft = reporters.draft(at, PartnerKind.GRID_APP, catalogue().matter(CATEGORY), spot, chance)
        data = {**draft.data, "text": TEXT.format(place=spot.community), "category": CATEGORY}
        return cls(world, (replace(draft, data=data),))

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what the departments, the centre and the grid worker do."""
        match event:
            case said.TaskAssigned(role=said.TaskRole.LEAD):
                yield from self._push_on(event)
            case said.TaskReturned():
                yield from self._arbitrate(event)
            case TeamSummoned():
                yield from self._muster(event)
            case TeamOnScene():
                yield from self._solve(event)
            case said.CaseResolved():
                app = self.world.of(event.case_id).partner(PartnerKind.GRID_APP) or "grid-app"
                yield Say(later(event.occurred_at, 25), app, VerifyCase, event.case_id, None, {"ok": True})
            case _:
                return

    def _push_on(self, task: said.TaskAssigned) -> Iterator[Say]:
        """Return the task; the last of the ring tries it too, and has to keep it."""
        who = task.department
        after = RING.index(who) + 1 if who in RING else 0
        data: Data = {"reason": REASONS.get(who, "不属于本部门职责")}
        if 0 < after < len(RING):
            data["suggest"] = RING[after]
        if who not in self.world.desk.file(task.case_id).returned_by:
            yield Say(later(task.occurred_at, 18), who, ReturnTask, task.case_id, task.task_id, data)

    def _arbitrate(self, event: said.TaskReturned) -> Iterator[Say]:
        """Give it to the next of the ring; at the last return blow the whistle if the profile does not."""
        district = self.world.of(event.case_id)
        data: Data = {"lead": event.suggest or RING[-1], "assists": [], "reason": "经核实由建议单位先行牵头"}
        yield Say(later(event.occurred_at, 12), district.centre, AssignCase, event.case_id, None, data)
        if event.count >= event.allowed and district.index.profile.refusals.then != "whistle":
            summons: Data = {"departments": list(RING)}
            yield Say(later(event.occurred_at, 35), district.centre, BlowWhistle, event.case_id, None, summons)

    def _muster(self, event: TeamSummoned) -> Iterator[Say]:
        teams = Teams(self.world)
        for number, member in enumerate(event.members):
            if member.department not in self.world.desk.file(event.case_id).present:
                arrives = later(event.occurred_at, 12 + 5 * number)
                yield teams.answer(event, member.department, later(event.occurred_at, 3 + number), arrives)
                yield teams.check_in(event, member.department, arrives, dice("pushed", member.department))

    def _solve(self, event: TeamOnScene) -> Iterator[Say]:
        """Standing around the pole they agree: whoever has the task takes it down, and the others help."""
        for task in self.world.desk.file(event.case_id).live_tasks:
            case = (event.case_id, task.id)
            yield Say(later(event.occurred_at, 15), task.department, AcceptTask, *case)
            done: Data = {"evidence": evidence(task.id, 2), "note": "三家现场会商，吊车拆除，线缆规整"}
            yield Say(later(event.occurred_at, 95), task.department, CompleteTask, *case, done)

"""How the simulated departments go about a task: most in good time, some late, some refuse, some ask for a pause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.demo.chance import dice
from deploy.demo.say import Say
from deploy.demo.world import District, World
from deploy.partner.messages import Data
from shared.contracts.base import Event, format_instant
from shared.contracts.cases import TaskAssigned, TaskHeld, TaskRole
from shared.contracts.commands import (
    AcceptTask,
    CompleteTask,
    ExtendTask,
    HoldTask,
    ProgressTask,
    ResumeTask,
    ReturnTask,
)

MANNERS = {"prompt": 84.0, "late": 7.5, "refuses": 3.5, "pauses": 2.0, "extends": 1.5, "forgets_photo": 1.5}
"""Of a hundred tasks."""

A_DAYS_WORK = timedelta(hours=10)
REFUSALS = (
    "不属于本部门职责范围",
    "经现场核实，产权单位另有其主",
    "该路段由其他部门管养",
    "属历史遗留问题，需牵头部门明确",
)
PAUSES = ("等待配件到货", "当事人外出，约定下午见面", "需雨停后施工")


def evidence(task_id: str, count: int) -> list[Data]:
    """Return references to pictures that a department might attach."""
    return [
        {"url": f"https://media.example.invalid/{task_id.replace('#', '-')}/{number}.jpg", "mime": "image/jpeg"}
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True, slots=True)
class Departments:
    """All departments of the play; each learns of its tasks from the cases topic only."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield what a department will do about it."""
        if isinstance(event, TaskAssigned):
            yield from self._take(event)
        elif isinstance(event, TaskHeld):
            yield from self._after_pause(event)

    def _take(self, task: TaskAssigned) -> Iterator[Say]:
        district = self.world.of(task.case_id)
        chance = dice(district.seed, task.task_id, task.episode)
        manner = chance.choices(list(MANNERS), list(MANNERS.values()))[0]
        if manner == "refuses" and task.role is TaskRole.ASSIST:
            manner = "prompt"
        plan = Plan(district, task, chance)
        yield from getattr(plan, manner)()

    def _after_pause(self, held: TaskHeld) -> Iterator[Say]:
        """Go on when the pause is over; one with an end resumes by itself, one without is resumed here."""
        resumed = held.until or held.occurred_at + timedelta(hours=1)
        task = (held.case_id, held.task_id)
        if held.until is None:
            yield Say(resumed, held.department, ResumeTask, *task)
        done = resumed + timedelta(minutes=45)
        yield Say(done, held.department, CompleteTask, *task, {"evidence": evidence(held.task_id, 2)})


@dataclass(frozen=True, slots=True)
class Plan:
    """One task, and what its department does about it in each manner."""

    district: District
    task: TaskAssigned
    chance: Random

    def prompt(self) -> Iterator[Say]:
        """Accept, report the stages, finish before the limit."""
        done = self._finish()
        accepted = self._accept(done)
        yield accepted
        yield from self._stages(accepted.at, done)
        yield self._complete(done)

    def late(self) -> Iterator[Say]:
        """Finish some time after the limit has passed; who has days for it is not late on the first."""
        due = self.district.due(self.task)
        if due is None or due - self.task.occurred_at > A_DAYS_WORK:
            yield from self.prompt()
            return
        done = due + timedelta(minutes=self.chance.uniform(8, 150))
        yield self._accept(done)
        yield self._complete(done)

    def refuses(self) -> Iterator[Say]:
        """Send it back with a reason, naming somebody else."""
        at = self._work(self.chance.uniform(10, 40))
        data: Data = {"reason": self.chance.choice(REFUSALS), "suggest": self._somebody_else()}
        yield self._say(at, ReturnTask, data)

    def pauses(self) -> Iterator[Say]:
        """Accept, then ask for the clock to stand still for a while; what follows is planned when that is granted."""
        accepted = self._work(self.chance.uniform(3, 20))
        yield self._say(accepted, AcceptTask)
        until = format_instant(accepted + timedelta(hours=self.chance.choice((1, 2))))
        yield self._say(
            accepted + timedelta(minutes=12), HoldTask, {"reason": self.chance.choice(PAUSES), "until": until}
        )

    def extends(self) -> Iterator[Say]:
        """Accept, ask for more time, and need it."""
        accepted = self._work(self.chance.uniform(3, 20))
        yield self._say(accepted, AcceptTask)
        data: Data = {"reason": "工程量超出预计", "limit": {"amount": 4, "unit": "working_hours"}}
        yield self._say(accepted + timedelta(minutes=8), ExtendTask, data)
        yield self._complete(max(self._finish(), accepted + timedelta(minutes=90)))

    def forgets_photo(self) -> Iterator[Say]:
        """Say that it is done without the pictures the category may demand, and say it again with them."""
        done = self._finish()
        yield self._accept(done)
        yield self._say(done, CompleteTask)
        yield self._complete(done + timedelta(minutes=15))

    def _say(self, at: datetime, command: type, data: Data | None = None) -> Say:
        return Say(at, self.task.department, command, self.task.case_id, self.task.task_id, data or {})

    def _accept(self, done: datetime) -> Say:
        at = self._work(min(60, self.chance.lognormvariate(1.3, 0.7)))
        return self._say(min(at, done - timedelta(minutes=1)), AcceptTask)

    def _complete(self, at: datetime) -> Say:
        return self._say(at, CompleteTask, {"evidence": evidence(self.task.task_id, self.chance.choice((1, 2, 2, 3)))})

    def _stages(self, accepted: datetime, done: datetime) -> Iterator[Say]:
        for number, stage in enumerate(self.task.stages[:-1], 1):
            part = (done - accepted) * number / len(self.task.stages)
            yield self._say(accepted + part, ProgressTask, {"stage": stage.name, "note": "阶段完成"})

    def _finish(self) -> datetime:
        """Return when the work is done: some working hours on, and before the limit."""
        at = self._work(self.chance.lognormvariate(4.4, 0.6))
        due = self.district.due(self.task)
        if due is not None and at >= due:
            at = self.task.occurred_at + (due - self.task.occurred_at) * self.chance.uniform(0.6, 0.95)
        return at

    def _work(self, minutes: float) -> datetime:
        return self.district.after_work(self.task.occurred_at, minutes, nights=self.district.works_nights(self.task))

    def _somebody_else(self) -> str:
        index = self.district.index
        others = [one.code for one in index.profile.departments if one.kind == "department"]
        return self.chance.choice([code for code in others if code != self.task.department] or [self.task.department])

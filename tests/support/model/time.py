"""The time of a case: its clocks, and the ladder that they drive. When a limit is due is `days`' business."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.district.policies import Rung
from tests.support.model.case import CaseFile, Clock, Task
from tests.support.model.promise_clocks import OF_PARTIES, OUTLIVING, PromiseClocks
from tests.support.model.routes import centre
from tests.support.model.team import Teamwork

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel


AT_ONCE = timedelta(minutes=1)
"""Within so long a report has come at once."""


@dataclass(frozen=True)
class Happening:
    """Something that will happen by itself. At one instant clocks come before the ladder, the ladder before teams."""

    at: datetime
    order: int
    key: str
    do: Callable[[], None]


class Time(PromiseClocks):
    """What facts mean for the clocks of a case, and what time brings by itself."""

    def __init__(self, district: DistrictModel) -> None:
        super().__init__(district)
        self.teams = Teamwork(district, self.rise)
        self.centre = centre(district.profile)

    # ---- what happens by itself

    def ahead(self, case: CaseFile) -> Iterator[Happening]:
        """Everything that would happen next if nobody did anything."""
        for clock in case.live_clocks():
            at = self.next_of(clock)
            if at is not None:
                yield Happening(at, 0, clock.key, partial(self.strike, case, clock, at))
        late = [
            (clock.breached, clock.key, clock)
            for clock in case.live_clocks()
            if clock.breached is not None and clock.kind not in OF_PARTIES
        ]
        rung = self.next_rung(case)
        in_vain = (
            rung is not None and rung.action == "whistle" and all(one[2].kind in (*OUTLIVING, "reply") for one in late)
        )
        if late and rung and not in_vain:
            since, key, first = min(late, key=lambda one: one[:2])
            on = since if rung.after is None else self.days.due(since, rung.after)
            yield Happening(on, 1, key, partial(self.climb, case, rung, first, on))
        for then, do in self.teams.ahead(case):
            yield Happening(then, 2, "team", do)

    def climb(self, case: CaseFile, rung: Rung, clock: Clock, at: datetime) -> None:
        """Rise to a rung; the rung that whistles calls all who work on the case, and whoever is late."""
        case.level = rung.level
        self.district.happened(case, "case.escalated", at, level=rung.level, owner=clock.owner)
        if rung.action == "whistle":
            self.teams.blow(case, "ladder", at, (case.lead, *self.assists(case), clock.owner))

    def next_rung(self, case: CaseFile) -> Rung | None:
        """The rung above the level of the case."""
        return next((rung for rung in case.profile.escalation.ladder if rung.level > case.level), None)

    def rise(self, case: CaseFile, at: datetime) -> None:
        """Rise by one rung for another reason than a breach."""
        rung = self.next_rung(case)
        if rung is not None:
            case.level = rung.level
            self.district.happened(case, "case.escalated", at, level=rung.level, owner=case.lead or self.centre)

    @staticmethod
    def assists(case: CaseFile) -> list[str]:
        """Who assists and is not done."""
        return [task.department for task in case.current() if task.role == "assist" and task.live]

    # ---- what is heard of the case

    def hear(self, case: CaseFile, what: str, at: datetime, task: Task | None, more: dict[str, Any]) -> None:
        """Let a fact take effect; nothing happens later than it became known."""
        react = getattr(self, f"on_{what.replace('.', '_').replace('-', '_')}", None)
        if react is not None:
            react(case, min(at, self.district.now), task, more)

    def number(self, case: CaseFile, kind: str) -> int:
        """How many clocks of a kind the case will have had with the next."""
        return 1 + sum(clock.kind == kind for clock in case.clocks)

    def on_case_triaged(self, case: CaseFile, *_: Any) -> None:
        """Somebody must name the category, and could not before it was known."""
        policy = case.profile.triage
        self.start(case, Clock("triage", "triage", policy.owner, self.district.now, policy.limit))

    def on_case_opened(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """The reporter's clock runs from the report, but nobody is late before it came. A joint one is whistled."""
        for clock in case.live_clocks("triage"):
            self.stop(case, clock, at)
        assert case.route is not None
        mediated = case.profile.mediation.covers(case.route.category)
        limit = None if case.own_due or mediated else case.route.stages[-1].limit
        late = self.district.now - case.opened_at > AT_ONCE
        lives_from = self.district.now if late else None
        if limit or case.own_due:
            clock = Clock("case", "case", case.lead, case.opened_at, limit, case.own_due, lives_from=lives_from)
            self.start(case, clock)
        if case.route.blown:
            self.teams.blow(case, "opening", self.district.now, (case.lead, *case.assists))

    def on_task_assigned(self, case: CaseFile, at: datetime, task: Task, _: Any) -> None:
        """A task has a clock to accept it, one for each stage but the last, and one for the whole."""
        if task.role in ("lead", case.arbitrating):
            self.arbitrated(case, at)
        if task.role == "lead":
            for clock in case.live_clocks("case"):
                clock.owner = task.department
        assert case.route is not None
        if case.own_due and task.role == "lead":
            self.start(case, Clock(f"{task.short}/handle", "handle", task.department, at, None, case.own_due, task))
            return
        accept = case.route.accept
        self.start(case, Clock(f"{task.short}/accept", "accept", task.department, at, accept, task=task))
        for stage in case.route.stages:
            last = stage is case.route.stages[-1]
            kind, name = ("handle", "") if last else ("stage", stage.name)
            key = f"{task.short}/{stage.name}"
            self.start(case, Clock(key, kind, task.department, at, stage.limit, task=task, stage=name))

    def on_task_accepted(self, case: CaseFile, at: datetime, task: Task, _: Any) -> None:
        """Ends the clock to accept."""
        for clock in case.live_clocks("accept", task=task):
            self.stop(case, clock, at)

    def on_task_progressed(self, case: CaseFile, at: datetime, task: Task, more: dict[str, Any]) -> None:
        """Ends the stage it names."""
        for clock in case.live_clocks("stage", task=task):
            if clock.stage == more["stage"]:
                self.stop(case, clock, at)

    def on_task_completed(self, case: CaseFile, at: datetime, task: Task, _: Any) -> None:
        """Ends all clocks of the task; the lead's completion sends the team home."""
        for clock in case.live_clocks(task=task):
            self.stop(case, clock, at)
        if task.role == "lead" and task.department == case.lead:
            self.teams.stand_down(case, at)

    def on_task_returned(self, case: CaseFile, at: datetime, task: Task, more: dict[str, Any]) -> None:
        """Its clocks do not count, but for what was late already; the centre decides, or the whistle is blown."""
        for clock in case.live_clocks(task=task):
            late = clock.breached is not None and at > clock.reckon(self.days).due
            self.stop(case, clock, at, "late" if late else "void")
        if task.department not in case.refusers:
            case.refusers.append(task.department)
        case.arbitrating = "lead" if "lead" in (task.role, case.arbitrating) else "assist"
        if not case.live_clocks("arbitrate"):
            key = f"arbitrate#{self.number(case, 'arbitrate')}"
            self.start(case, Clock(key, "arbitrate", self.centre, self.district.now, case.profile.refusals.arbitrate))
        if more["count"] >= case.profile.refusals.max and case.profile.refusals.then == "whistle":
            self.teams.blow(case, "refusals", self.district.now, (*case.refusers, more["suggest"]))

    def on_task_superseded(self, case: CaseFile, at: datetime, task: Task, _: Any) -> None:
        """Its clocks do not count; that a returned task is put away means that the centre has decided."""
        was_returned = not case.live_clocks(task=task)
        self.void(case, at, task)
        if was_returned:
            self.arbitrated(case, at)

    def void(self, case: CaseFile, at: datetime, task: Task) -> None:
        """End the clocks of a task that is nobody's any more."""
        for clock in case.live_clocks(task=task):
            self.stop(case, clock, at, "void")

    def arbitrated(self, case: CaseFile, at: datetime) -> None:
        """The centre has decided about a refusal."""
        case.arbitrating = ""
        for clock in case.live_clocks("arbitrate"):
            self.stop(case, clock, at)

    def on_task_held(self, case: CaseFile, at: datetime, task: Task, more: dict[str, Any]) -> None:
        """Its clocks stand still."""
        for clock in case.live_clocks(task=task):
            self.hold(case, clock, at, more["until"])

    def on_task_resumed(self, case: CaseFile, at: datetime, task: Task, _: Any) -> None:
        """Its clocks run again."""
        for clock in case.live_clocks(task=task):
            self.resume(clock, at)

    def on_task_extended(self, case: CaseFile, at: datetime, task: Task, more: dict[str, Any]) -> None:
        """Its limits to handle are longer, if they had not run out when it was asked; the time to accept is not."""
        for clock in case.live_clocks("stage", "handle", task=task):
            now = clock.reckon(self.days)
            if now.held_at is None and more["asked"] >= now.due:
                self.say(case, clock, "clock.extension-ignored", at, asked=more["asked"])
            else:
                self.extend(case, clock, at, more["limit"])

    def on_case_resolved(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """Ends the reporter's clock; whoever verifies has a limit too."""
        self.end_clocks(case, at, judged=("case",), leave=OUTLIVING)
        self.teams.stand_down(case, at)
        if case.profile.verification.by != "none" and case.route:
            key = f"verify#{self.number(case, 'verify')}"
            self.start(case, Clock(key, "verify", self.centre, self.district.now, case.route.verify))

    def on_case_verified(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """Somebody looked."""
        for clock in case.live_clocks("verify"):
            self.stop(case, clock, at)

    def on_case_closed(self, case: CaseFile, at: datetime, _: Any, more: dict[str, Any]) -> None:
        """A case that closed by itself was not verified in time, even though it ends at the very due instant."""
        for clock in case.live_clocks("verify"):
            late = more["outcome"] == "solved_unverified" and clock.breached is not None
            self.stop(case, clock, at, "late" if late else None)
        self.end_all(case, at, judged=("case",))

    def on_case_withdrawn(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """Nothing counts any more."""
        self.end_all(case, at)

    def end_all(self, case: CaseFile, at: datetime, judged: tuple[str, ...] = ()) -> None:
        """End every clock, some with a verdict, and send the team home."""
        self.end_clocks(case, at, judged)
        self.teams.stand_down(case, at)

    def end_clocks(
        self, case: CaseFile, at: datetime, judged: tuple[str, ...] = (), leave: tuple[str, ...] = ()
    ) -> None:
        """End every clock, and forget the refusals."""
        case.refusers, case.arbitrating = [], ""
        for clock in case.live_clocks():
            if clock.kind not in leave:
                self.stop(case, clock, at, None if clock.kind in judged else "void")

    def on_case_reopened(self, case: CaseFile, at: datetime, *_: Any) -> None:
        """Levels begin anew; the reporter's clock goes on with its old due instant, a team that is at work too."""
        self.end_clocks(case, at, judged=("verify",), leave=OUTLIVING)
        case.level = 0
        olds = [clock for clock in case.clocks if clock.kind == "case"]
        if not olds:
            return
        old = olds[-1]
        due, key = old.original_due(self.days), f"case#{self.number(case, 'case')}"
        self.start(case, Clock(key, "case", case.lead, old.start, old.limit, due, lives_from=self.district.now))

"""Whatever is said, by whom and in whichever order, what must always be true of a case stays true (DOMAIN §11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.router.domain.decide import decide
from services.router.domain.model import MAX_TASKS, Case, CaseState, Task, TaskState, index_of, next_due
from shared.contracts import cases
from shared.contracts import commands as say
from shared.contracts.escalations import ClockBreachWithdrawn, ClockKind
from shared.contracts.limits import Limit
from shared.decision import Decision, Rejected
from tests.support.routing import CENTRE, GRID, NINE, PHOTO, FakeWorld, Story, dept, index, merged, report

DEPARTMENTS = ("urban", "housing", "civil-affairs", "water")
REFUSALS = 2
ORDER = list(CaseState)
FINAL = {TaskState.COMPLETED, TaskState.SUPERSEDED}

departments = st.sampled_from(DEPARTMENTS)
actors = st.sampled_from([CENTRE, GRID, *map(dept, DEPARTMENTS)])
minutes = st.integers(-90, 20)
numbers = st.integers(1, 3)
clock_kinds = st.sampled_from([ClockKind.HANDLE, ClockKind.VERIFY, ClockKind.CASE])
limits = st.builds(Limit, amount=st.integers(1, 8), unit=st.sampled_from(["working_days", "clock_hours"]))
policies = st.fixed_dictionaries({
    "holds": st.fixed_dictionaries({"approval_required": st.booleans()}),
    "extensions": st.fixed_dictionaries({"approval_required": st.booleans()}),
    "verification": st.fixed_dictionaries({"by": st.sampled_from(["grid", "none"]), "auto_close": st.booleans()}),
})  # fmt: skip

TASK_COMMANDS: dict[type[say.Command], Any] = {
    say.AcceptTask: st.just({}),
    say.ProgressTask: st.fixed_dictionaries({"stage": st.sampled_from([None, "stop", "demolish"])}),
    say.CompleteTask: st.fixed_dictionaries({"evidence": st.sampled_from([(), (PHOTO, PHOTO)])}),
    say.ReturnTask: st.fixed_dictionaries({"reason": st.just("not ours"), "suggest": st.none() | departments}),
    say.ResumeTask: st.just({}),
    say.ExtendTask: st.fixed_dictionaries({"reason": st.just("frost"), "limit": limits}),
}
CASE_COMMANDS: dict[type[say.Command], Any] = {
    say.ClassifyCase: st.fixed_dictionaries({"category": st.sampled_from(["E06010", "E03002", "nothing"])}),
    say.AssignCase: st.fixed_dictionaries({"lead": departments, "assists": st.lists(departments, max_size=2)}),
    say.VerifyCase: st.fixed_dictionaries({"ok": st.booleans()}),
    say.ReopenCase: st.fixed_dictionaries({"reason": st.just("again")}),
    say.LinkCase: st.fixed_dictionaries({"other": st.sampled_from(["620802-260701-dddddddd", "no case"])}),
}


class Reader:
    """Somebody who knows a case from its events alone, as escalation and the partners do."""

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        self.episode = 1
        self.state = ""
        self.assigned: set[str] = set()

    def hear(self, event: Any) -> None:
        """Follow one event."""
        if isinstance(event, cases.CaseOpened):
            assert self.state in ("", "triage"), "a case is opened once"
        if isinstance(event, cases.CaseReopened):
            assert event.episode == self.episode + 1
            self.episode = event.episode
        self.state = _STATES.get(type(event), self.state)
        if isinstance(event, cases.TaskAssigned):
            assert event.task_id not in self.assigned, "a task is assigned once"
            assert event.department not in self.live.values(), "a department has one live task"
            self.assigned.add(event.task_id)
            self.live[event.task_id] = event.department
        if isinstance(event, _ENDS):
            self.live.pop(event.task_id, None)


_ENDS = (cases.TaskCompleted, cases.TaskReturned, cases.TaskSuperseded)
_STATES: dict[type, str] = {
    cases.CaseTriaged: "triage",
    cases.CaseOpened: "open",
    cases.CaseReopened: "open",
    cases.CaseResolved: "resolved",
    cases.CaseClosed: "closed",
    cases.CaseWithdrawn: "withdrawn",
}


class CaseMachine(RuleBasedStateMachine):
    """One case, and everybody talking at once."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.reader = Reader()
        self.before: Case | None = None
        self.opened_at: datetime | None = None

    @initialize(policy=policies, category=st.sampled_from([None, "E06010", "E03002", "D0402"]), own=st.booleans())
    def open(self, policy: dict[str, Any], category: str | None, own: bool) -> None:  # noqa: FBT001 - drawn
        """A report comes in."""
        self.story.world = FakeWorld(index(**policy))
        due = NINE + timedelta(hours=48) if own else None
        self.give(report(category, due_at=due))
        self.opened_at = self.story.known().opened_at

    @rule(data=st.data(), actor=actors, minutes=minutes, department=departments, number=numbers)
    def command_on_a_task(self, data: Any, actor: Any, minutes: int, department: str, number: int) -> None:
        """Anybody says anything about any task, there or not, now, earlier or a little in the future."""
        kind = data.draw(st.sampled_from(list(TASK_COMMANDS)))
        task_id = f"{self.story.known().case_id}/{department}#{number}"
        self.command(kind, actor, minutes, {**data.draw(TASK_COMMANDS[kind]), "task_id": task_id})

    @rule(data=st.data(), minutes=minutes)
    def the_right_department_speaks(self, data: Any, minutes: int) -> None:
        """The owner of one of the tasks there are, live or not."""
        case = self.story.known()
        if not case.tasks:
            return
        task = data.draw(st.sampled_from(case.tasks))
        kind = data.draw(st.sampled_from(list(TASK_COMMANDS)))
        fields = {**data.draw(TASK_COMMANDS[kind]), "task_id": case.id_of(task)}
        self.command(kind, dept(task.department), minutes, fields)

    @rule(actor=actors, minutes=minutes, department=departments, number=numbers, until=st.none() | st.integers(1, 120))
    def hold(self, actor: Any, minutes: int, department: str, number: int, until: int | None) -> None:
        """Hold a task, for ever or for a while."""
        end = None if until is None else self.story.now + timedelta(minutes=until)
        task_id = f"{self.story.known().case_id}/{department}#{number}"
        self.command(say.HoldTask, actor, minutes, {"reason": "rain", "until": end, "task_id": task_id})

    @rule(data=st.data(), actor=actors, minutes=minutes)
    def command_on_the_case(self, data: Any, actor: Any, minutes: int) -> None:
        """Anybody says anything about the case; who may say it at all is intake's to judge."""
        kind = data.draw(st.sampled_from(list(CASE_COMMANDS)))
        self.command(kind, actor, minutes, data.draw(CASE_COMMANDS[kind]))

    @rule(kind=clock_kinds, minutes=minutes, episode=numbers, withdrawn=st.booleans(),
          department=st.none() | departments)  # fmt: skip
    def clock(self, kind: ClockKind, minutes: int, episode: int, withdrawn: bool, department: str | None) -> None:  # noqa: FBT001
        """Escalation tells of a breach, or takes one back."""
        due = self.story.now + timedelta(minutes=minutes)
        task_id = f"{self.story.known().case_id}/{department}#1" if department else None
        event: Any = self.story.breach(kind, due, episode=episode, task_id=task_id)
        self.give(ClockBreachWithdrawn.model_validate(event.model_dump()) if withdrawn else event)

    @rule(minutes=st.integers(0, 180), disputes=st.sampled_from([(), ("620802-260701-dddddddd",)]))
    def time_passes(self, minutes: int, disputes: tuple[str, ...]) -> None:
        """A sweep looks; linked disputes come and go."""
        self.story.now += timedelta(minutes=minutes)
        self.story.world.disputes = disputes
        case = self.story.known()
        due = next_due(case)
        if due is not None and due <= self.story.now:
            self.before = case
            self.story.tick()
            self.heard()
            later = next_due(self.story.known())
            assert later is None or later > self.story.now, "a sweep leaves nothing due"

    @rule(rarely=st.integers(0, 9))
    def another_report_is_merged_or_the_case_withdrawn(self, rarely: int) -> None:
        """Intake found it to be the same matter, or the centre no matter at all."""
        self.give(merged(self.story.known().case_id))
        if rarely == 0:
            self.command(say.WithdrawCase, CENTRE, 0, {"reason": "a mistake"})

    @rule(ok=st.booleans(), minutes=minutes)
    def things_go_their_way(self, ok: bool, minutes: int) -> None:  # noqa: FBT001 - drawn
        """Everybody does what is due next, so that cases get far."""
        case = self.story.known()
        for task in (task for task in case.tasks if task.live):
            fields = {"task_id": case.id_of(task), "evidence": (PHOTO, PHOTO)}
            self.command(say.CompleteTask, dept(task.department), minutes, fields)
        if case.state is CaseState.TRIAGE:
            self.command(say.ClassifyCase, CENTRE, minutes, {"category": "E03002"})
        if self.story.known().state is CaseState.RESOLVED and ok:
            self.command(say.VerifyCase, GRID, minutes, {"ok": minutes < 0})
        if case.state is CaseState.CLOSED:
            self.command(say.ReopenCase, CENTRE, minutes, {"reason": "again"})

    def command(self, kind: type[say.Command], actor: Any, minutes: int, fields: dict[str, Any]) -> None:
        """Give a command that may well be refused."""
        at = self.story.now + timedelta(minutes=minutes)
        self.give(self.story.command(kind, actor, at=at, **fields))

    def give(self, event: Any) -> None:
        """Decide, twice to the same end, and let the reader hear; a refusal changes nothing."""
        self.before = self.story.case
        try:
            again = decide(self.story.case, event, self.story.now, self.story.world)
            self.story.apply(event)
        except Rejected:
            assert self.story.case is self.before
            self.story.last = None
            return
        assert self.story.last == again
        self.heard()

    def heard(self) -> None:
        """Let the reader hear what was just said."""
        assert isinstance(self.story.last, Decision)
        for event in self.story.last.events:
            self.reader.hear(event)

    @invariant()
    def one_live_task_a_department(self) -> None:
        """And none where the case is over or not yet opened."""
        case = self.story.case
        if case is None:
            return
        live = [task.department for task in case.tasks if task.live]
        assert len(live) == len(set(live))
        assert not live or case.state in (CaseState.DISPATCHED, CaseState.IN_PROGRESS)
        assert len(case.tasks) <= MAX_TASKS

    @invariant()
    def nothing_moves_backwards(self) -> None:
        """Within an episode neither case nor task does; an episode follows the one before."""
        before, case = self.before, self.story.case
        if before is None or case is None:
            return
        assert case.episode in (before.episode, before.episode + 1)
        if case.episode == before.episode:
            assert ORDER.index(case.state) >= ORDER.index(before.state)
        assert case.opened_at == self.opened_at or self.opened_at is None
        assert case.due_at == before.due_at
        assert len(case.tasks) >= len(before.tasks)
        for old, new in zip(before.tasks, case.tasks, strict=False):
            never_backwards(old, new)

    @invariant()
    def refusals_are_bounded(self) -> None:
        """By the profile, over the whole life of the case."""
        case = self.story.case
        assert case is None or 0 <= case.refusals <= REFUSALS

    @invariant()
    def resolved_means_that_everybody_named_has_completed(self) -> None:
        """No less and no later."""
        case = self.story.case
        if case is None or case.state in (CaseState.TRIAGE, CaseState.WITHDRAWN):
            return
        done = {(task.department, task.role) for task in case.current() if task.state is TaskState.COMPLETED}
        everybody = set(case.named().items()) <= done
        assert everybody == (case.state in (CaseState.RESOLVED, CaseState.CLOSED))

    @invariant()
    def the_events_tell_the_same_story(self) -> None:
        """Whoever follows them knows which tasks are live and where the case stands."""
        case = self.story.case
        if case is None:
            return
        assert {case.id_of(task) for task in case.tasks if task.live} == set(self.reader.live)
        assert len(self.reader.assigned) == len(case.tasks)
        told = {"dispatched": "open", "in_progress": "open"}.get(case.state, case.state)
        assert (self.reader.state, self.reader.episode) == (told, case.episode)

    @invariant()
    def it_is_stored_as_it_is(self) -> None:
        """What the database gives back is what was decided, and an ended case leaves the index of open ones."""
        case = self.story.case
        if case is None:
            return
        assert Case.model_validate(case.model_dump(mode="python", exclude_defaults=True)) == case
        assert (index_of(case)["open"] is None) == (not case.open)
        assert next_due(case) is None or case.open


def never_backwards(old: Task, new: Task) -> None:
    """Check one task before and after."""
    assert (old.department, old.number, old.role, old.episode) == (new.department, new.number, new.role, new.episode)
    if old.state in FINAL:
        assert new.state is old.state
    if old.state is TaskState.RETURNED:
        assert new.state in (TaskState.RETURNED, TaskState.SUPERSEDED)
    if old.accepted_at is not None:
        assert new.accepted_at is not None
        assert new.accepted_at <= old.accepted_at
        assert new.state is not TaskState.ASSIGNED
    assert new.holds >= old.holds
    assert new.extensions >= old.extensions


TestCase = CaseMachine.TestCase
TestCase.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)

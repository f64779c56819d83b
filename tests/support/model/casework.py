"""Cases and tasks (案件, 任务): who may do what in which state. How a case ends, and begins anew, is in `endings`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from shared.contracts import commands as say
from shared.contracts.limits import Limit
from tests.support.model.case import CaseFile, Refused, Task
from tests.support.model.endings import Endings
from tests.support.model.routes import category_of, route


class Casework(Endings):
    """What the centre, the departments and the grid app may do with a case."""

    def take_in(self, case: CaseFile, category: str | None) -> None:
        """Open the case of an accepted report, or let it wait for a human (分拣)."""
        if category is None:
            self.tell(case, "case.triaged", case.opened_at)
        else:
            self.open(case, category, case.opened_at)

    def open(self, case: CaseFile, category: str, at: datetime) -> None:
        """Route the report and give the departments their tasks."""
        found = route(case.profile, category, case.report, case.place.get("township"))
        case.route, case.category, case.state = found, category, "dispatched"
        case.lead, case.assists, case.severity = found.lead, found.assists, found.severity
        self.tell(case, "case.opened", at)
        if case.profile.mediation.covers(category):
            self.district.mediation.begin(case)
        else:
            self.assign_all(case, self.named(case), "opened")

    # ---- a department works

    def task(self, case: CaseFile, command: Any, *, centre_too: bool = False) -> Task:
        """The task a command is about; only its department may act on it, or where said the centre."""
        found = next((task for task in case.tasks if task.id == command.task_id), None)
        if found is None:
            raise Refused("unknown-task")
        if command.actor.department != found.department and not (centre_too and command.actor.kind == "centre"):
            raise Refused("forbidden")
        return found

    def accept(self, case: CaseFile, command: say.AcceptTask) -> None:
        """受理. Work that nobody accepted implies that it is; the true acceptance may still be told afterwards."""
        task, at = self.task(case, command), command.occurred_at
        if task.live and task.accepted is None:
            self.accepted(case, task, at, implied=False)
            return
        self.must(task.implied and task.accepted is not None and at < task.accepted)
        task.accepted, task.implied = at, False
        self.tell(case, "task.accepted", at, task, again=True)

    def accepted(self, case: CaseFile, task: Task, at: datetime, *, implied: bool) -> None:
        """The first acceptance puts the case in progress; a task on hold stays on hold."""
        task.accepted, task.implied = at, implied
        task.state = "accepted" if task.state == "assigned" else task.state
        case.state = "in_progress"
        self.tell(case, "task.accepted", at, task)

    def progress(self, case: CaseFile, command: say.ProgressTask) -> None:
        """Progress may end a stage, any but the last, which only completion ends. A note alone changes nothing."""
        task = self.task(case, command)
        stages = case.route.stages[:-1] if case.route and not self.has_own_limit(case, task) else ()
        self.must(command.stage in (None, *(stage.name for stage in stages)), "unknown-stage")
        if task.live and task.accepted is None and command.stage:
            self.accepted(case, task, command.occurred_at, implied=True)
        self.must(task.live or (task.completed is not None and command.occurred_at <= task.completed))
        self.tell(case, "task.progressed", command.occurred_at, task, stage=command.stage)

    @staticmethod
    def has_own_limit(case: CaseFile, task: Task) -> bool:
        """A limit that the report brought along is the lead's."""
        return case.own_due is not None and task.role == "lead"

    def complete(self, case: CaseFile, command: say.CompleteTask) -> None:
        """办结, with the evidence that the category demands; it ends a hold too."""
        task, at = self.task(case, command), command.occurred_at
        self.must(task.live)
        assert case.route is not None
        kinds = case.route.mime
        shown = {one.url for one in command.evidence if any(fnmatchcase(one.mime, kind) for kind in kinds)}
        self.must(len(shown) >= case.route.media, "missing-evidence")
        if task.accepted is None:
            self.accepted(case, task, at, implied=True)
        task.state, task.completed, task.held_until = "completed", at, None
        self.tell(case, "task.completed", at, task)
        self.resolve_if_done(case, at)

    def give_back(self, case: CaseFile, command: say.ReturnTask) -> None:
        """退单: counted over the life of the case; after so many nobody may refuse any more."""
        task = self.task(case, command)
        self.must(task.live)
        self.must(case.refusals < case.profile.refusals.max, "refusals-exhausted")
        self.must(command.suggest is None or self.knows(case, command.suggest), "unknown-department")
        task.state, task.held_until = "returned", None
        case.refusals += 1
        self.tell(case, "task.returned", command.occurred_at, task, suggest=command.suggest, count=case.refusals)

    @staticmethod
    def knows(case: CaseFile, code: str) -> bool:
        """Say whether the case's profile has the department."""
        return any(one.code == code for one in case.profile.departments)

    def hold(self, case: CaseFile, command: say.HoldTask) -> None:
        """挂起: the task's clocks stand still, at once or when the centre says so, which alone may date it back."""
        task, by_centre = self.task(case, command, centre_too=True), command.actor.kind == "centre"
        at = command.occurred_at if by_centre else command.recorded_at
        self.must(task.state in ("assigned", "accepted"))
        self.must(task.expired is None or at < task.expired, "task-expired")
        self.must(command.until is None or command.until > at, "invalid-command")
        self.must(task.holds < case.profile.holds.max_holds, "holds-exhausted")
        if case.profile.holds.approval_required and not by_centre:
            self.tell(case, "task.hold-requested", command.occurred_at, task)
            return
        until = command.until
        if not by_centre:
            latest = self.district.days.due(at, case.profile.holds.max_hold)
            self.must(until is None or until <= latest, "hold-too-long")
            until = until or latest
        task.state, task.held_until, task.holds = "on_hold", until, task.holds + 1
        self.tell(case, "task.held", at, task, until=until)

    def resume(self, case: CaseFile, command: say.ResumeTask) -> None:
        """The task comes back to where it was before."""
        task = self.task(case, command, centre_too=True)
        self.must(task.state == "on_hold")
        self.resumed(case, task, command.occurred_at)

    def resumed(self, case: CaseFile, task: Task, at: datetime) -> None:
        """End a hold."""
        task.state, task.held_until = "accepted" if task.accepted else "assigned", None
        self.tell(case, "task.resumed", at, task)

    def extend(self, case: CaseFile, command: say.ExtendTask) -> None:
        """延期: asked for before the limit has run out, granted any time later; so often and so much."""
        task, policy = self.task(case, command, centre_too=True), case.profile.extensions
        by_centre = command.actor.kind == "centre"
        self.must(task.state in ("assigned", "accepted"))
        asked = task.asked if by_centre and task.asked else command.recorded_at
        self.must(task.expired is None or asked < task.expired, "task-expired")
        self.must(task.extensions < policy.max_extensions, "extensions-exhausted")
        self.must(not self.is_longer(command, policy.max_extension), "extension-too-long")
        if policy.approval_required and not by_centre:
            task.asked = command.recorded_at
            self.tell(case, "task.extension-requested", command.occurred_at, task)
            return
        task.extensions, task.asked, task.expired = task.extensions + 1, None, None
        self.tell(case, "task.extended", command.occurred_at, task, limit=command.limit, asked=asked)

    def is_longer(self, command: Any, most: Limit) -> bool:
        """Compare like with like; what is not alike, by when it would end from now."""
        if command.limit.unit == most.unit:
            return bool(command.limit.amount > most.amount)
        days, at = self.district.days, command.occurred_at
        return bool(days.due(at, command.limit) > days.due(at, most))

    # ---- the centre decides

    def classify(self, case: CaseFile, command: say.ClassifyCase) -> None:
        """Name the category of a case in triage."""
        self.must(case.state == "triage")
        key = category_of(case.profile, command.category)
        if key is None:
            raise Refused("unknown-category")
        self.open(case, key, command.occurred_at)

    def assign(self, case: CaseFile, command: say.AssignCase) -> None:
        """改派: who keeps its role keeps its task and its clocks; what was returned is put away."""
        self.must(case.state in ("dispatched", "in_progress") and case.dispute is None)
        wanted = {**dict.fromkeys(command.assists, "assist"), command.lead: "lead"}
        self.must(all(self.knows(case, code) for code in wanted), "unknown-department")
        keep = [
            task
            for task in case.current()
            if wanted.get(task.department) == task.role and (task.live or task.state == "completed")
        ]
        gone = [task for task in case.current() if task not in keep and (task.live or task.state == "returned")]
        new = {code: role for code, role in wanted.items() if code not in {task.department for task in keep}}
        for task in gone:
            task.state = "superseded"
            self.tell(case, "task.superseded", command.occurred_at, task)
        case.lead, case.assists = command.lead, tuple(code for code in wanted if code != command.lead)
        self.assign_all(case, new, "reassigned")
        self.resolve_if_done(case, command.occurred_at)

    def link(self, case: CaseFile, command: say.LinkCase) -> None:
        """Tie two cases; the link holds both ways."""
        if command.other in case.links:
            return
        self.must(command.other != case.id, "invalid-command")
        self.must(command.other in self.district.cases, "unknown-case")
        case.links.add(command.other)
        self.tell(case, "case.linked", command.occurred_at)


RULES: dict[type[say.Command], Callable[[Casework, CaseFile, Any], None]] = {
    say.AcceptTask: Casework.accept,
    say.ProgressTask: Casework.progress,
    say.CompleteTask: Casework.complete,
    say.ReturnTask: Casework.give_back,
    say.HoldTask: Casework.hold,
    say.ResumeTask: Casework.resume,
    say.ExtendTask: Casework.extend,
    say.ClassifyCase: Casework.classify,
    say.AssignCase: Casework.assign,
    say.WithdrawCase: Casework.withdraw,
    say.LinkCase: Casework.link,
    say.VerifyCase: Casework.verify,
    say.ReopenCase: Casework.reopen,
}

"""The end of a case (办结, 核查, 结案) and its new beginning: resolved, verified, closed, withdrawn, opened again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contracts import commands as say
from tests.support.model.case import CaseFile, Refused, Task

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel

RECHECK = timedelta(minutes=15)
"""A case whose closing waits for a dispute looks again so often."""


class Endings:
    """How cases end, and what a new episode begins with."""

    def __init__(self, district: DistrictModel) -> None:
        self.district = district

    def tell(self, case: CaseFile, what: str, at: datetime, task: Task | None = None, **more: Any) -> None:
        """Let everybody know what happened."""
        self.district.happened(case, what, at, task, **more)

    @staticmethod
    def must(holds: bool, error: str = "illegal-transition") -> None:  # noqa: FBT001 - reads as a sentence
        """Refuse unless it holds."""
        if not holds:
            raise Refused(error)

    @staticmethod
    def named(case: CaseFile) -> dict[str, str]:
        """Who has to complete before the case is resolved, and as what."""
        return {case.lead: "lead", **dict.fromkeys(case.assists, "assist")}

    def assign_all(self, case: CaseFile, wanted: dict[str, str], reason: str) -> None:
        """Give each department a new task; its time begins when it could be told, which is now."""
        for code, role in wanted.items():
            number = 1 + sum(task.department == code for task in case.tasks)
            case.tasks.append(Task(f"{case.id}/{code}#{number}", code, role, case.episode))
            self.tell(case, "task.assigned", self.district.now, case.tasks[-1], reason=reason)

    # ---- the end

    def resolve_if_done(self, case: CaseFile, at: datetime) -> None:
        """办结: lead and assists have all completed; it was when the last of them did."""
        done = {(task.department, task.role) for task in case.current() if task.state == "completed"}
        if case.state not in ("dispatched", "in_progress") or not set(self.named(case).items()) <= done:
            return
        at = max([at, *(task.completed for task in case.current() if task.completed)])
        case.state = "resolved"
        self.tell(case, "case.resolved", at)
        if case.profile.verification.by == "none":
            self.close(case, "solved", at)

    def close(self, case: CaseFile, outcome: str, at: datetime) -> None:
        """结案, unless a dispute that is tied to it is still open."""
        if not case.is_dispute and self.district.has_open_dispute(case):
            case.closing, case.recheck = outcome, self.district.now + RECHECK
            return
        if outcome != "fulfilled":
            self.district.agreements.void(case, at)
        case.state, case.outcome, case.ended_at, case.closing, case.recheck = "closed", outcome, at, None, None
        self.tell(case, "case.closed", at, outcome=outcome)

    def verify(self, case: CaseFile, command: say.VerifyCase) -> None:
        """核查: solved, or open again. What was seen before the case closed by itself counts even if told later."""
        closed_itself = case.state == "closed" and case.outcome == "solved_unverified"
        late = closed_itself and case.ended_at is not None and command.occurred_at <= case.ended_at
        self.must(case.state == "resolved" or late)
        self.must(not (command.ok and case.closing == "solved"))
        self.tell(case, "case.verified", command.occurred_at)
        if not command.ok:
            self.open_again(case, command.occurred_at)
        elif late:
            case.outcome = "solved"
        else:
            self.close(case, "solved", command.occurred_at)

    def reopen(self, case: CaseFile, command: say.ReopenCase) -> None:
        """The centre opens a closed case again."""
        self.must(case.state == "closed")
        self.open_again(case, command.occurred_at)

    def open_again(self, case: CaseFile, at: datetime) -> None:
        """A new episode with new tasks; the reporter's clock is the old one."""
        case.episode, case.state = case.episode + 1, "dispatched"
        case.outcome = case.ended_at = case.closing = case.recheck = None
        self.tell(case, "case.reopened", at)
        if case.dispute is not None:
            self.district.mediation.resume(case)
        else:
            self.assign_all(case, self.named(case), "reopened")

    def verification_overdue(self, case: CaseFile, due: datetime) -> None:
        """Nobody looked in time: it closes by itself, where the profile says so."""
        if case.state == "resolved" and case.closing is None and case.profile.verification.auto_close:
            self.close(case, "solved_unverified", due)

    def withdraw(self, case: CaseFile, command: say.WithdrawCase) -> None:
        """It should not have been a case."""
        self.must(case.open)
        for task in [task for task in case.tasks if task.live]:
            task.state = "superseded"
            self.tell(case, "task.superseded", command.occurred_at, task)
        self.district.mediation.give_up(case, command.occurred_at)
        self.district.agreements.void(case, command.occurred_at)
        case.state, case.ended_at, case.closing, case.recheck = "withdrawn", command.occurred_at, None, None
        self.tell(case, "case.withdrawn", command.occurred_at)

"""A command that somebody in the play has decided to give, at an instant of the virtual clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from deploy.demo.desk import CaseFile
from deploy.demo.submission import Kind, Submission
from deploy.partner.messages import Data, Sender
from shared.contracts.base import format_instant
from shared.contracts.commands import (
    AcceptTask,
    ClassifyCase,
    Command,
    CompleteTask,
    ExtendTask,
    HoldTask,
    ProgressTask,
    ResumeTask,
    ReturnTask,
    TaskCommand,
    VerifyCase,
)

EXPECTS: dict[type[Command], frozenset[str]] = {
    AcceptTask: frozenset({"assigned"}),
    ProgressTask: frozenset({"assigned", "accepted"}),
    CompleteTask: frozenset({"assigned", "accepted"}),
    ReturnTask: frozenset({"assigned", "accepted"}),
    HoldTask: frozenset({"assigned", "accepted"}),
    ExtendTask: frozenset({"assigned", "accepted"}),
    ResumeTask: frozenset({"held"}),
}
"""The states of a task in which a department that looks at its list would still say this."""


@dataclass(frozen=True, slots=True)
class Say:
    """`data` is what the command holds besides case, instant and task."""

    at: datetime
    partner: str
    command: type[Command]
    case_id: str
    task_id: str | None = None
    data: Data = field(default_factory=dict)
    blindly: bool = False

    def still_meant(self, file: CaseFile) -> bool:
        """Say whether it makes sense given what its speaker has heard; `blindly` ones are given whatever was heard."""
        if self.blindly:
            return True
        if issubclass(self.command, TaskCommand):
            task = file.tasks.get(self.task_id or "")
            return task is not None and task.state in EXPECTS.get(self.command, frozenset({task.state}))
        if self.command is VerifyCase:
            return file.state == "resolved"
        if self.command is ClassifyCase:
            return file.state == "triage"
        return file.state not in {"closed", "withdrawn"}

    def submission(self) -> Submission:
        """Return it as the partner sends it; the id says what it is, so that a second sending is the same command."""
        sender = Sender(self.case_id[:6], self.partner)
        data: Data = {"case_id": self.case_id, "occurred_at": format_instant(self.at), **self.data}
        if self.task_id is not None:
            data["task_id"] = self.task_id
        word = self.command.type.split(".", 1)[1]
        id_ = f"{word}/{self.task_id or self.case_id}/{self.at.timestamp():.0f}"
        return Submission(self.at, sender.binary(self.command.type, id_, self.case_id, data, self.at), Kind.COMMAND)

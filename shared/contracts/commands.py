"""Commands: what partners ask for. Intake checks who may ask at all; router and escalation judge the rest.

On `gw.<d>.commands` every command carries the authenticated actor; whatever a payload says of it is overwritten.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.base import Event, Instant, PartnerId
from shared.contracts.incidents import Media
from shared.contracts.limits import Limit

_CENTRE = frozenset({PartnerKind.CENTRE})
_OWNER = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.CENTRE})
_MEMBER = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.POLICE_110, PartnerKind.CENTRE})
_BLOWER = frozenset({PartnerKind.CENTRE, PartnerKind.TOWNSHIP, PartnerKind.GRID_APP})
_VERIFIER = frozenset({PartnerKind.CENTRE, PartnerKind.GRID_APP})


class Command(Event):
    """A request about one case; `allowed` are the kinds of partner that may give it at all."""

    model_config = ConfigDict(frozen=True, extra="allow")
    topic: ClassVar[str] = "commands"
    allowed: ClassVar[frozenset[PartnerKind]] = frozenset()

    actor: Actor
    note: str | None = Field(default=None, max_length=2_000)
    backdated_from: Instant | None = None


class TaskCommand(Command):
    """A command about one task; only the department that owns the task (or, where said, the centre) may give it."""

    allowed: ClassVar[frozenset[PartnerKind]] = _OWNER

    task_id: str = Field(min_length=1, max_length=120)


class AcceptTask(TaskCommand):
    """The department takes the task on (受理)."""

    type: ClassVar[str] = "gridwhistle.task.accept.v1"


class ProgressTask(TaskCommand):
    """The department reports progress; `stage` ends that stage of a staged limit."""

    type: ClassVar[str] = "gridwhistle.task.progress.v1"

    stage: str | None = Field(default=None, max_length=32)


class CompleteTask(TaskCommand):
    """The department says its work is done and shows the evidence the category demands."""

    type: ClassVar[str] = "gridwhistle.task.complete.v1"

    evidence: tuple[Media, ...] = Field(default=(), max_length=50)


class ReturnTask(TaskCommand):
    """The department refuses the task (退单) with a reason and may say who should have it."""

    type: ClassVar[str] = "gridwhistle.task.return.v1"

    reason: str = Field(min_length=1, max_length=500)
    suggest: str | None = Field(default=None, max_length=40)


class HoldTask(TaskCommand):
    """Stop this task's clock (挂起): asked by the department, effective at once or when the centre approves."""

    type: ClassVar[str] = "gridwhistle.task.hold.v1"

    reason: str = Field(min_length=1, max_length=500)
    until: Instant | None = None


class ResumeTask(TaskCommand):
    """Let a held task's clock run again."""

    type: ClassVar[str] = "gridwhistle.task.resume.v1"


class ExtendTask(TaskCommand):
    """Lengthen a task's limit (延期), before it has expired only."""

    type: ClassVar[str] = "gridwhistle.task.extend.v1"

    reason: str = Field(min_length=1, max_length=500)
    limit: Limit


class ClassifyCase(Command):
    """A human names the category of a case in triage (分拣)."""

    type: ClassVar[str] = "gridwhistle.case.classify.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    category: str = Field(min_length=1, max_length=40)


class AssignCase(Command):
    """The centre decides who leads and who assists; open tasks of others are superseded."""

    type: ClassVar[str] = "gridwhistle.case.assign.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    lead: str = Field(min_length=1, max_length=40)
    assists: tuple[str, ...] = Field(default=(), max_length=20)
    reason: str | None = Field(default=None, max_length=500)


class WithdrawCase(Command):
    """The centre ends a case that should not have been one."""

    type: ClassVar[str] = "gridwhistle.case.withdraw.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    reason: str = Field(min_length=1, max_length=500)


class VerifyCase(Command):
    """The grid worker or the centre says whether the matter is really solved (核查)."""

    type: ClassVar[str] = "gridwhistle.case.verify.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _VERIFIER

    ok: bool
    reason: str | None = Field(default=None, max_length=500)


class ReopenCase(Command):
    """The centre opens a closed case again; the reporter's old clock goes on."""

    type: ClassVar[str] = "gridwhistle.case.reopen.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    reason: str = Field(min_length=1, max_length=500)


class LinkCase(Command):
    """Tie this case to another of the same district, e.g. a safety event to the dispute behind it."""

    type: ClassVar[str] = "gridwhistle.case.link.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    other: str = Field(min_length=1, max_length=40)
    reason: str | None = Field(default=None, max_length=500)


class UnmergeReport(Command):
    """The centre takes a report that was merged wrongly out of this case (撤销并案); it gets a case of its own.

    `partner` and `report_id` name the report, as `report.merged` told them. Intake alone obeys; it does not pass it on.
    """

    type: ClassVar[str] = "gridwhistle.case.unmerge.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    partner: PartnerId
    report_id: str = Field(min_length=1, max_length=128)
    reason: str = Field(min_length=1, max_length=500)


class BlowWhistle(Command):
    """Summon departments to the place (吹哨)."""

    type: ClassVar[str] = "gridwhistle.case.whistle.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _BLOWER

    departments: tuple[str, ...] = Field(min_length=1, max_length=20)
    optional: tuple[str, ...] = Field(default=(), max_length=20)
    place: str | None = Field(default=None, max_length=500)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    muster_within_minutes: int | None = Field(default=None, ge=5, le=24 * 60)
    quorum: int | None = Field(default=None, ge=1, le=20)


class AnswerTeam(Command):
    """A summoned member says whether and when it comes, or why it cannot."""

    type: ClassVar[str] = "gridwhistle.team.answer.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _MEMBER

    coming: bool
    eta: Instant | None = None
    reason: str | None = Field(default=None, max_length=500)


class CheckInTeam(Command):
    """A member is at the place (报到); `nonce` guards against a replay, `occurred_at` may lie back when sent offline.

    WGS-84 degrees.
    """

    type: ClassVar[str] = "gridwhistle.team.check-in.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _MEMBER

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    nonce: str = Field(min_length=8, max_length=64)


class SubstituteTeam(Command):
    """A member sends another department in its place."""

    type: ClassVar[str] = "gridwhistle.team.substitute.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _MEMBER

    by: str = Field(min_length=1, max_length=40, description="the department sent instead")


class StandDownTeam(Command):
    """The centre sends the team home before the lead has completed."""

    type: ClassVar[str] = "gridwhistle.team.stand-down.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    reason: str | None = Field(default=None, max_length=500)


class AcknowledgeNotice(Command):
    """A recipient's department says it has read a notice."""

    type: ClassVar[str] = "gridwhistle.notice.acknowledge.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _MEMBER

    notice_id: str = Field(min_length=1, max_length=200)


class EraseReporter(Command):
    """The centre erases who is behind a case (删除个人信息): intake its vault, the notifier its contacts.

    All reporters of the case, or the one that `reporter_ref` names; the case itself stays.
    """

    type: ClassVar[str] = "gridwhistle.reporter.erase.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    reason: str = Field(min_length=1, max_length=500)
    reporter_ref: str | None = Field(default=None, max_length=64)

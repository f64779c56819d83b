"""Events as the notifier hears them, each with the few facts that a test wants to be other than usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    CaseTriaged,
    TaskAssigned,
    TaskCompleted,
    TaskExtensionRequested,
    TaskHoldRequested,
    TaskReturned,
    TaskRole,
)
from shared.contracts.cases import (
    Outcome as CaseOutcome,
)
from shared.contracts.commands import EraseReporter
from shared.contracts.escalations import (
    CaseEscalated,
    ClockBreached,
    ClockExtensionIgnored,
    ClockKind,
    ClockWarned,
    Place,
    TeamAbsent,
    TeamMember,
    TeamMusterFailed,
    TeamOnScene,
    TeamStoodDown,
    TeamSubstituted,
    TeamSummoned,
)
from shared.contracts.incidents import ReportAccepted, ReportMerged
from shared.contracts.limits import Limit, Stage
from shared.contracts.moves import CaseMoved

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
"""12:00 in the district, a Wednesday."""
DISTRICT = "620802"
CASE = f"{DISTRICT}-260701-aaaaaaaa"
MERGED = f"{DISTRICT}-260701-bbbbbbbb"
FILE = f"{DISTRICT}-000000-aaaaaaaa"
TASK = f"{CASE}/housing#1"
SEALED = "test:sealed"


def common(at: datetime = NOON, case_id: str = CASE) -> dict[str, Any]:
    """Return what every event says."""
    return {"district": DISTRICT, "case_id": case_id, "occurred_at": at, "recorded_at": at}


def accepted(contact: str | None = SEALED, **more: Any) -> ReportAccepted:
    """Return the first report of the case."""
    facts: dict[str, Any] = {
        "partner": "grid-app",
        "partner_kind": PartnerKind.GRID_APP,
        "report_id": "r-1",
        "category": "E06010",
        "text": "3号楼楼道堆放垃圾，电话13800000000",
        "address": "解放中路12号",
        "grid": "620802001001001",
        "township": "620802001",
        "reporter_ref": "ref-1",
        "contact": contact,
        "profile_version": 1,
    }
    return ReportAccepted(**{**common(), **facts, **more})


def merged(number: int = 2, contact: str | None = SEALED, **more: Any) -> ReportMerged:
    """Return another report of the same matter."""
    facts: dict[str, Any] = {
        "partner": "hotline",
        "partner_kind": PartnerKind.HOTLINE_12345,
        "report_id": f"r-{number}",
        "reporter_ref": f"ref-{number}",
        "contact": contact,
        "profile_version": 1,
        "merged_case_id": MERGED,
    }
    return ReportMerged(**{**common(), **facts, **more})


def opened(**more: Any) -> CaseOpened:
    """Return the opening of the case."""
    facts: dict[str, Any] = {
        "opened_at": NOON,
        "category": "E06010",
        "category_name": "暴露垃圾",
        "rule": "default",
        "severity": 3,
        "lead": "housing",
        "profile_version": 1,
        "text": "3号楼楼道堆放垃圾",
        "address": "解放中路12号",
        "grid": "620802001001001",
        "community": "620802001001",
        "township": "620802001",
        "partner": "grid-app",
        "partner_kind": PartnerKind.GRID_APP,
    }
    return CaseOpened(**{**common(), **facts, **more})


def triaged(**more: Any) -> CaseTriaged:
    """Return the case waiting for a category."""
    facts: dict[str, Any] = {
        "reason": "no category",
        "limit": Limit.model_validate("2 working_hours"),
        "severity": 3,
        "partner": "grid-app",
        "profile_version": 1,
    }
    return CaseTriaged(**{**common(), **facts, **more})


def assigned(code: str = "housing", role: TaskRole = TaskRole.LEAD, number: int = 1, **more: Any) -> TaskAssigned:
    """Return a task of the case."""
    stage = Stage(name="handle", limit=Limit.model_validate("4 working_hours"))
    facts: dict[str, Any] = {"task_id": f"{CASE}/{code}#{number}", "department": code, "role": role, "stages": (stage,)}
    return TaskAssigned(**{**common(), **facts, **more})


def erase(ref: str | None = None, at: datetime = NOON) -> EraseReporter:
    """Return the centre's command to erase a reporter, or all."""
    actor = Actor(partner="centre", kind=PartnerKind.CENTRE, department="centre")
    return EraseReporter(**common(at), actor=actor, reason="本人要求", reporter_ref=ref)


def task_event(kind: type[Event], **more: Any) -> Any:
    """Return any other event about housing's task."""
    return kind(**{**common(), "task_id": TASK, "department": "housing", **more})


def completed() -> TaskCompleted:
    """Return the end of housing's task."""
    done: TaskCompleted = task_event(TaskCompleted)
    return done


def returned(count: int = 1) -> TaskReturned:
    """Return a refusal."""
    refusal: TaskReturned = task_event(TaskReturned, reason="不属于本单位，电话13800000000", count=count, allowed=2)
    return refusal


def hold_requested() -> TaskHoldRequested:
    """Return a request for a hold."""
    asked: TaskHoldRequested = task_event(TaskHoldRequested, reason="等待材料", until=NOON + timedelta(days=1))
    return asked


def extension_requested() -> TaskExtensionRequested:
    """Return a request for more time."""
    limit = Limit.model_validate("5 working_days")
    asked: TaskExtensionRequested = task_event(TaskExtensionRequested, reason="等待材料", limit=limit)
    return asked


def case_event(kind: type[Event], **more: Any) -> Any:
    """Return an event about the case alone."""
    return kind(**{**common(), **more})


def resolved() -> CaseResolved:
    """Return the case waiting for verification."""
    done: CaseResolved = case_event(CaseResolved, verify_limit=Limit.model_validate("2 working_days"))
    return done


def closed(**more: Any) -> CaseClosed:
    """Return the end of the case."""
    facts = {"outcome": CaseOutcome.SOLVED, "handling_seconds": 60.0, "category": "E06010", "department": "housing"}
    done: CaseClosed = case_event(CaseClosed, **{**facts, **more})
    return done


def reopened(episode: int = 2) -> CaseReopened:
    """Return the case open again."""
    again: CaseReopened = case_event(CaseReopened, reason="未解决", episode=episode)
    return again


def clock_event(kind: type[Event], **more: Any) -> Any:
    """Return an event about housing's clock."""
    facts: dict[str, Any] = {
        "clock_id": "housing#1:handle",
        "kind": ClockKind.HANDLE,
        "owner": "housing",
        "task_id": TASK,
        "due_at": NOON + timedelta(hours=4),
    }
    return kind(**{**common(), **facts, **more})


def warned(fraction: float = 0.5, **more: Any) -> ClockWarned:
    """Return a warning."""
    warning: ClockWarned = clock_event(ClockWarned, fraction=fraction, **more)
    return warning


def breached(**more: Any) -> ClockBreached:
    """Return a limit that has passed."""
    breach: ClockBreached = clock_event(ClockBreached, late_by=0.0, **more)
    return breach


def extension_ignored(**more: Any) -> ClockExtensionIgnored:
    """Return an extension that came too late."""
    said: dict[str, Any] = {"asked_at": NOON, "limit": Limit.model_validate("2 working_days"), **more}
    ignored: ClockExtensionIgnored = clock_event(ClockExtensionIgnored, **said)
    return ignored


def escalated(level: int = 1, **more: Any) -> CaseEscalated:
    """Return a rise."""
    rise: CaseEscalated = case_event(CaseEscalated, level=level, reason="breach", owner="housing", **more)
    return rise


def team_event(kind: type[Event], number: int = 1, **more: Any) -> Any:
    """Return an event about the team."""
    return kind(**{**common(), "team_id": f"{CASE}/team#1", "round": number, **more})


def summoned(number: int = 1, members: tuple[str, ...] = ("housing", "police"), **more: Any) -> TeamSummoned:
    """Return a whistle."""
    at = more.pop("at", NOON)
    facts: dict[str, Any] = {
        "members": tuple(TeamMember(department=code) for code in members),
        "place": Place(address="解放中路12号"),
        "answer_by": at + timedelta(minutes=10),
        "muster_by": at + timedelta(minutes=30),
        "quorum": 2,
        "reason": "hand",
    }
    whistle: TeamSummoned = team_event(TeamSummoned, number, **{**facts, **more})
    return whistle


def substituted(department: str = "police", by: str = "street") -> TeamSubstituted:
    """Return a member that sends another."""
    facts: dict[str, Any] = {"place": Place(address="解放中路12号"), "muster_by": NOON + timedelta(minutes=30)}
    sent: TeamSubstituted = team_event(TeamSubstituted, department=department, by=by, **facts)
    return sent


def absent(code: str = "police") -> TeamAbsent:
    """Return a member that was not there."""
    missing: TeamAbsent = team_event(TeamAbsent, department=code, answered=False)
    return missing


def on_scene() -> TeamOnScene:
    """Return the quorum on site."""
    there: TeamOnScene = team_event(TeamOnScene, present=("housing", "police"), muster_seconds=600.0)
    return there


def muster_failed() -> TeamMusterFailed:
    """Return a team without a quorum."""
    failed: TeamMusterFailed = team_event(TeamMusterFailed, present=("housing",), absent=("police",))
    return failed


def stood_down() -> TeamStoodDown:
    """Return the end of the team."""
    over: TeamStoodDown = team_event(TeamStoodDown, reason="lead completed", seconds=3_600.0)
    return over


def moved(**more: Any) -> CaseMoved:
    """Return the case in another grid of the same township."""
    lies = {"from_grid": "620802001001009", "grid": "620802001001001", "community": "620802001001"}
    return CaseMoved(**{**common(), **lies, "township": "620802001", "profile_version": 2, **more})

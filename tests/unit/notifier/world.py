"""A small district, its events, and the notifier's pure cores run by hand, for unit tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.notifier.domain import decide as deciding
from services.notifier.domain import delivery
from services.notifier.domain.grouping import plan
from services.notifier.domain.model import AddressKind, CaseView
from services.notifier.domain.notice import Attempted, NoticeState, Postponed, index_fields
from services.notifier.domain.outcome import Outcome
from services.notifier.domain.surroundings import Surroundings, Unreadable
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
from shared.contracts.notifications import NoticeQueued, NoticeSuppressed
from shared.decision import Companion, Decision
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)
"""12:00 in the district, a Wednesday."""

NIGHT = datetime(2026, 7, 1, 15, 30, tzinfo=UTC)
"""23:30 in the district."""

MORNING = datetime(2026, 7, 1, 23, tzinfo=UTC)
"""07:00 of the next day, when quiet hours end."""

DISTRICT = "620802"
CASE = f"{DISTRICT}-260701-aaaaaaaa"
MERGED = f"{DISTRICT}-260701-bbbbbbbb"
TASK = f"{CASE}/housing#1"
SEALED = "test:sealed"


def desk(code: str, role: str = "duty_officer", **more: Any) -> dict[str, Any]:
    """Return a line of a roster that answers on the file channel and, if that fails, by mail."""
    contacts = [
        {"channel": "file", "address": f"{role}-{code}"},
        {"channel": "email", "address": f"{role}-{code}@example.invalid"},
    ]
    return {"role": role, "person": f"{code} {role}", "channels": contacts, **more}


def department(code: str, kind: str = "department", **more: Any) -> dict[str, Any]:
    """Return a department with a duty officer and a head."""
    return {
        "code": code,
        "name": f"{code}局",
        "name_en": code.title(),
        "kind": kind,
        "duty": [desk(code), desk(code, "head")],
        **more,
    }


def raw_profile(**notify: Any) -> dict[str, Any]:
    """Return a small profile as it would stand in a file."""
    return {
        "code": DISTRICT,
        "name": "崆峒区",
        "name_en": "Kongtong",
        "version": 1,
        "townships": [{"code": "620802001", "name": "中街"}],
        "communities": [{"code": "620802001001", "name": "解放社区"}],
        "grids": [{"code": "620802001001001", "name": "一网格", "worker": "w-001"}],
        "departments": [
            department("centre", "centre"),
            department("housing"),
            department("police"),
            department("street", "township", areas=["620802001"]),
        ],
        "categories": [{"key": "E06010", "name": "暴露垃圾", "name_en": "Exposed rubbish"}],
        "default": {
            "lead": "housing",
            "accept": "1 working_hours",
            "stages": ["handle=4 working_hours"],
            "verify": "2 working_days",
        },
        "escalation": {
            "ladder": [
                {"level": 1, "audience": ["head"]},
                {"level": 2, "after": "4 working_hours", "audience": ["centre_director"]},
            ]
        },
        "notify": {
            "quiet_hours": "22:00-07:00",
            "channels": ["email", "file"],
            "grid_worker_contacts": [{"channel": "file", "address": "{worker}"}],
            "digest": {"after": 5, "window": "10 minutes"},
            "rate_limit": {"per_hour": 60},
            **notify,
        },
    }


def index_of(raw: dict[str, Any]) -> DirectoryIndex:
    """Return a profile, indexed."""
    return DirectoryIndex(Profile.model_validate(raw))


@dataclass(frozen=True, slots=True)
class OneProfile:
    """Answers with the same profile whatever version is asked for; `newer` is the current one, if it is another."""

    index: DirectoryIndex
    newer: DirectoryIndex | None = None

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile of the case."""
        del district, version
        return self.index

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest profile."""
        del district
        return self.newer or self.index


def reach(sealed: str, owners: Sequence[str]) -> tuple[str, tuple[AddressKind, ...]]:
    """Return how a made-up sealed contact can be used: `test:phone` by telephone only."""
    if sealed == SEALED:
        return owners[0], (AddressKind.EMAIL, AddressKind.PHONE)
    if sealed == "test:phone":
        return owners[0], (AddressKind.PHONE,)
    if sealed == "test:nameless":
        return owners[0], ()
    raise Unreadable


CHANNELS = {"file": AddressKind.ANY, "email": AddressKind.EMAIL, "webhook": AddressKind.URL}


def as_document(notice: NoticeState) -> Companion:
    """Return a notice as a companion that carries the state itself."""
    return Companion("notices", {"_id": notice.id, "state": notice, **index_fields(notice)})


def around(profile: dict[str, Any] | None = None, newer: dict[str, Any] | None = None, **more: Any) -> Surroundings:
    """Return surroundings with one profile."""
    profiles = OneProfile(index_of(profile or raw_profile()), index_of(newer) if newer else None)
    fields: dict[str, Any] = {"channels": CHANNELS, "reach": reach, "document": as_document, **more}
    return Surroundings(profiles, **fields)


@dataclass(slots=True)
class World:
    """The two cores over dictionaries: events in, notices queued; attempts in, outcomes applied."""

    surroundings: Surroundings = field(default_factory=around)
    now: datetime = NOON
    cases: dict[str, CaseView] = field(default_factory=dict)
    notices: dict[str, NoticeState] = field(default_factory=dict)
    documents: list[Companion] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def tell(self, *events: Event) -> str:
        """Let the case core decide on events in order; return the last reason."""
        reason = ""
        for event in events:
            decision = deciding.decide(self.cases.get(event.case_id), event, self.now, self.surroundings)
            self.cases[event.case_id] = decision.state
            self._take(decision)
            reason = decision.reason
        return reason

    def happen(self, notice: str, what: Any) -> str:
        """Let the notice core decide; return the reason."""
        decision = delivery.decide(self.notices[notice], what, self.now, self.surroundings)
        self.notices[notice] = decision.state
        self._take(decision)
        return decision.reason

    def _take(self, decision: Decision[Any]) -> None:
        self.events += decision.events
        for companion in decision.companions:
            self.documents.append(companion)
            if companion.collection == "notices":
                self.notices.setdefault(companion.document["_id"], companion.document["state"])

    def attempt(self, notice: NoticeState, outcome: Outcome) -> str:
        """Let one attempt come to something."""
        return self.happen(notice.id, Attempted(outcome, notice.attempts + 1))

    def due(self) -> dict[str, list[NoticeState]]:
        """Return the notices that are due, by recipient and channel."""
        groups: dict[str, list[NoticeState]] = {}
        for notice in self.notices.values():
            if notice.due is not None and notice.due <= self.now:
                groups.setdefault(notice.to, []).append(notice)
        return groups

    def sent(self, to: str) -> list[datetime]:
        """Return when messages that count went to a recipient."""
        since = self.now - timedelta(hours=1)
        mine = [one.sent_at for one in self.notices.values() if one.to == to and one.sent_at is not None]
        return [instant for instant in mine if instant > since]

    def deliver(self, channel: Any) -> int:
        """Deliver what is due as a lane would, through `channel(name, notices)`; return how many messages."""
        messages = 0
        for to, waiting in self.due().items():
            profile = self.surroundings.profiles.current(DISTRICT).profile
            planned = plan(waiting, self.sent(to), self.now, profile.notify, profile.zone)
            for wait in planned.waits:
                self.happen(wait.notice.id, Postponed(wait.until, wait.reason))
            for message in planned.messages:
                messages += 1
                outcome = channel(message.notices[0].channel, message.notices)
                size = len(message.notices)
                for n, one in enumerate(message.notices):
                    digest = "d" * 8 if size > 1 else None
                    what = Attempted(outcome, one.attempts + 1, digest, size, counts=message.counts and n == 0)
                    self.happen(one.id, what)
        return messages

    def queued(self) -> list[tuple[str, str, str]]:
        """Return step, recipient and channel of every notice queued."""
        found = [one for one in self.events if isinstance(one, NoticeQueued)]
        return [(one.step.partition(":")[0], one.recipient, one.channel) for one in found]

    def suppressed(self) -> list[tuple[str, str, str]]:
        """Return step, recipient and reason of every notice suppressed."""
        found = [one for one in self.events if isinstance(one, NoticeSuppressed)]
        return [(one.step.partition(":")[0], one.recipient, one.reason) for one in found]


def _common(at: datetime = NOON, case_id: str = CASE) -> dict[str, Any]:
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
    return ReportAccepted(**{**_common(), **facts, **more})


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
    return ReportMerged(**{**_common(), **facts, **more})


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
    return CaseOpened(**{**_common(), **facts, **more})


def triaged(**more: Any) -> CaseTriaged:
    """Return the case waiting for a category."""
    facts: dict[str, Any] = {
        "reason": "no category",
        "limit": Limit.model_validate("2 working_hours"),
        "severity": 3,
        "partner": "grid-app",
        "profile_version": 1,
    }
    return CaseTriaged(**{**_common(), **facts, **more})


def assigned(code: str = "housing", role: TaskRole = TaskRole.LEAD, number: int = 1, **more: Any) -> TaskAssigned:
    """Return a task of the case."""
    stage = Stage(name="handle", limit=Limit.model_validate("4 working_hours"))
    facts: dict[str, Any] = {"task_id": f"{CASE}/{code}#{number}", "department": code, "role": role, "stages": (stage,)}
    return TaskAssigned(**{**_common(), **facts, **more})


def erase(ref: str | None = None, at: datetime = NOON) -> EraseReporter:
    """Return the centre's command to erase a reporter, or all."""
    actor = Actor(partner="centre", kind=PartnerKind.CENTRE, department="centre")
    return EraseReporter(**_common(at), actor=actor, reason="本人要求", reporter_ref=ref)


def task_event(kind: type[Event], **more: Any) -> Any:
    """Return any other event about housing's task."""
    return kind(**{**_common(), "task_id": TASK, "department": "housing", **more})


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
    return kind(**{**_common(), **more})


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
    return kind(**{**_common(), **facts, **more})


def warned(fraction: float = 0.5, **more: Any) -> ClockWarned:
    """Return a warning."""
    warning: ClockWarned = clock_event(ClockWarned, fraction=fraction, **more)
    return warning


def breached(**more: Any) -> ClockBreached:
    """Return a limit that has passed."""
    breach: ClockBreached = clock_event(ClockBreached, late_by=0.0, **more)
    return breach


def escalated(level: int = 1, **more: Any) -> CaseEscalated:
    """Return a rise."""
    rise: CaseEscalated = case_event(CaseEscalated, level=level, reason="breach", owner="housing", **more)
    return rise


def team_event(kind: type[Event], number: int = 1, **more: Any) -> Any:
    """Return an event about the team."""
    return kind(**{**_common(), "team_id": f"{CASE}/team#1", "round": number, **more})


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

"""A small district and short words for reports and commands, for tests of the router."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.router.domain.change import Mediating
from services.router.domain.decide import decide
from services.router.domain.model import Case
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import CaseEvent
from shared.contracts.commands import Command
from shared.contracts.escalations import ClockBreached, ClockKind
from shared.contracts.ids import case_id
from shared.contracts.incidents import Media, ReportAccepted, ReportMerged, ReportUnmerged
from shared.decision import Decision, Tick
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile

NINE = datetime(2026, 7, 1, 1, tzinfo=UTC)
"""09:00 on a Wednesday in 崆峒区."""

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CENTRE = Actor(partner="centre", kind=PartnerKind.CENTRE, department="centre")
GRID = Actor(partner="grid-app", kind=PartnerKind.GRID_APP)
PHOTO = Media(url="https://media.example.invalid/1.jpg", mime="image/jpeg")
PHOTOS = (PHOTO, Media(url="https://media.example.invalid/2.jpg", mime="image/jpeg"))


def dept(code: str) -> Actor:
    """Return a department as it speaks."""
    return Actor(partner=code, kind=PartnerKind.DEPARTMENT, department=code)


def _department(code: str, kind: str = "department") -> dict[str, Any]:
    return {"code": code, "name": code, "kind": kind}


PROFILE: dict[str, Any] = {
    "code": "620802",
    "name": "崆峒区",
    "version": 3,
    "departments": [
        _department("centre", "centre"),
        *map(_department, ("housing", "civil-affairs", "urban", "police", "water", "justice")),
    ],
    "categories": [
        {"key": "E06010", "name": "暴露垃圾", "lead": "urban", "aliases": ["垃圾"]},
        {"key": "E03002", "name": "违法建设", "lead": "urban", "assists": ["housing"],
         "stages": ["stop=4 working_hours", "fine=7 working_days", "demolish=20 working_days"],
         "evidence": {"min_media": 2, "mime": ["image/*"]}},
        {"key": "D0402", "name": "物业纠纷", "lead": "justice"},
    ],
    "default": {"lead": "@centre", "accept": "30 working_minutes", "stages": ["handle=2 working_days"],
                "verify": "1 working_days", "severity": 3},
    "rules": [
        {"id": "flood", "when": {"categories": ["E06*"], "keywords": ["积水"]},
         "then": {"lead": "housing", "assists": ["civil-affairs", "water"], "severity": 2, "joint": True}},
    ],
    "holds": {"approval_required": False, "max_holds": 2},
    "extensions": {"approval_required": False, "max_extensions": 1, "max_extension": "5 working_days"},
    "refusals": {"max": 2, "then": "whistle", "arbitrate": "4 working_hours"},
}  # fmt: skip


def index(**changes: Any) -> DirectoryIndex:
    """Return the district's index, with other policies where named: `index(holds={"max_holds": 0})`."""
    changed = {name: {**PROFILE.get(name, {}), **value} for name, value in changes.items()}
    return DirectoryIndex(Profile.model_validate({**PROFILE, **changed}))


USUAL = index()


@dataclass(slots=True)
class FakeWorld:
    """What the database would say."""

    directory: DirectoryIndex = USUAL
    disputes: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    around: Mediating = field(default_factory=Mediating)

    def index(self, district: str, version: int) -> DirectoryIndex:
        """Return the one profile there is."""
        del district, version
        return self.directory

    def open_disputes(self, case_id: str) -> tuple[str, ...]:
        """Return the disputes that hold the case back."""
        del case_id
        return self.disputes

    def is_missing(self, case_id: str) -> bool:
        """Say whether a case is not there."""
        return case_id in self.missing

    def mediating(self, case: Case | None, district: str, batch: str | None) -> Mediating:
        """Return what disputes need of others."""
        del case, district, batch
        return self.around


def report(category: str | None = "E06010", *, number: int = 1, at: datetime = NINE, **more: Any) -> ReportAccepted:
    """Return an accepted report of the grid app."""
    return ReportAccepted(**_facts(category, number, at, more))


def unmerged(case: str, **more: Any) -> ReportUnmerged:
    """Return what intake says when the centre has taken a report out of a case."""
    facts: dict[str, Any] = {"district": case[:6], "case_id": case, "occurred_at": NINE, "recorded_at": NINE}
    facts |= {"partner": "hotline", "report_id": "r", "own_case_id": f"{case[:13]}-bbbbbbbb"}
    return ReportUnmerged(**{**facts, "reason": "another house", "by": "centre", **more})


def merged(into: str, *, number: int = 2, at: datetime = NINE, **more: Any) -> ReportMerged:
    """Return a report that intake merged into a case."""
    facts = _facts("E06010", number, at, more)
    return ReportMerged(**{**facts, "case_id": into}, merged_case_id=facts["case_id"])


def _facts(category: str | None, number: int, at: datetime, more: dict[str, Any]) -> dict[str, Any]:
    name = f"A-{number:04}"
    facts: dict[str, Any] = {
        "district": "620802",
        "case_id": case_id("620802", at.date(), "grid-app", name),
        "occurred_at": at,
        "recorded_at": at,
        "partner": "grid-app",
        "partner_kind": PartnerKind.GRID_APP,
        "report_id": name,
        "category": category,
        "text": "解放中路3号楼门前堆放杂物",
        "reporter_ref": f"r-{number}",
        "profile_version": 3,
    }
    return {**facts, **more}


@dataclass(slots=True)
class Story:
    """A case under way: give it reports, commands and ticks, and read what came of each."""

    world: FakeWorld = field(default_factory=FakeWorld)
    now: datetime = NINE
    case: Case | None = None
    events: list[CaseEvent] = field(default_factory=list)
    last: Decision[Case] | None = None

    def apply(self, event: Any) -> str:
        """Decide, take the new state over, return the reason."""
        self.last = decide(self.case, event, self.now, self.world)
        self.case = self.last.state
        self.events += [one for one in self.last.events if isinstance(one, CaseEvent)]
        return self.last.reason

    def opened(self, category: str | None = "E06010", **more: Any) -> Story:
        """Open the case."""
        self.apply(report(category, at=self.now, **more))
        return self

    def say(self, kind: type[Command], actor: Actor, *, at: datetime | None = None, **fields: Any) -> str:
        """Give a command now, or one that says it happened at another time."""
        return self.apply(self.command(kind, actor, at=at, **fields))

    def command(self, kind: type[Command], actor: Actor, *, at: datetime | None = None, **fields: Any) -> Command:
        """Return a command on this case; `department` names a task by who had it last."""
        case = self.known()
        facts: dict[str, Any] = {
            "district": case.district,
            "case_id": case.case_id,
            "occurred_at": at or self.now,
            "recorded_at": self.now,
            "actor": actor,
        }
        if "department" in fields:
            fields["task_id"] = self.task_id(fields.pop("department"))
        return kind(**facts, **fields)

    def tick(self) -> str:
        """Let time be noticed."""
        return self.apply(Tick(self.known().case_id))

    def breach(self, kind: ClockKind, due: datetime, department: str | None = None, **fields: Any) -> ClockBreached:
        """Return a breach of one of the case's clocks."""
        case = self.known()
        facts: dict[str, Any] = {
            "district": case.district,
            "case_id": case.case_id,
            "occurred_at": due,
            "recorded_at": self.now,
            "episode": case.episode,
            "clock_id": "c",
            "kind": kind,
            "owner": department or "centre",
            "task_id": self.task_id(department) if department else None,
            "due_at": due,
            "late_by": 0,
        }
        return ClockBreached(**{**facts, **fields})

    def known(self) -> Case:
        """Return the case."""
        assert self.case is not None
        return self.case

    def task_id(self, department: str) -> str:
        """Return the id of a department's latest task."""
        case = self.known()
        return case.id_of(next(task for task in reversed(case.tasks) if task.department == department))

    def task_state(self, department: str) -> str:
        """Return the state of a department's latest task."""
        task = self.known().find(self.task_id(department))
        assert task is not None
        return str(task.state)

    def said(self) -> list[str]:
        """Return the short types of the events of the last decision."""
        assert self.last is not None
        return [short(event) for event in self.last.events]


def short(event: Event) -> str:
    """Return `task.assigned` for `gridwhistle.task.assigned.v1`."""
    return event.type.removeprefix("gridwhistle.").removesuffix(".v1")

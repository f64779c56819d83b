"""A township of three grids whose workers owe two patrols a day and visits, told of things one after another."""

from __future__ import annotations

from typing import Any

import pytest

from services.escalation.domain.beat import Beat, due
from services.escalation.domain.work import decide
from shared.contracts.actors import Actor, PartnerKind
from shared.contracts.base import Event
from shared.contracts.work import (
    RecordPatrol,
    RecordVisit,
    TakeLeave,
    WorkCommand,
    WorkMissed,
    work_id,
)
from shared.decision import Rejected, Tick
from shared.district.lookup import DirectoryIndex
from tests.unit.escalation.district import DISTRICT, local, profile

TOWNSHIP = "620802001"
BOOK = work_id(TOWNSHIP)
ONE, TWO, SPECIAL, SUB = "620802001001001", "620802001001002", "620802001001501", "620802001001A01"
SQUARE = ((106.66, 35.54), (106.67, 35.54), (106.67, 35.55), (106.66, 35.55))
INSIDE: dict[str, Any] = {"lon": 106.665, "lat": 35.545}
GRIDS: tuple[dict[str, Any], ...] = (
    {"code": ONE, "name": "第一网格", "worker": "w-1", "polygon": SQUARE},
    {"code": TWO, "name": "第二网格", "worker": "w-2"},
    {"code": SPECIAL, "name": "学校", "kind": "exclusive", "worker": "w-3"},
    {"code": SUB, "name": "学校北区", "kind": "exclusive", "parent": SPECIAL},
)
PATROL = {"id": "patrol", "kind": "patrol", "name": "巡查", "windows": ["08:00-12:00", "14:00-18:00"]}
VISIT = {"id": "visit", "kind": "visit", "name": "走访", "every": "week", "times": 2, "questions": ["困难", "诉求"]}
APP = Actor(partner="grid-app", kind=PartnerKind.GRID_APP)
STREET = Actor(partner="zhongshan", kind=PartnerKind.TOWNSHIP, department="zhongshan")


class Township:
    """One township; time only moves when told."""

    def __init__(self, now: str = "2026-07-01T06:00", *, begin: bool = True, **changes: Any) -> None:
        self.now = local(now)
        self.versions: dict[int, DirectoryIndex] = {}
        self.beat: Beat | None = None
        self.said: list[Event] = []
        self.reason = ""
        self.nonces = 0
        self.apply_profile(3, **changes)
        if begin:
            self.tick()

    def apply_profile(self, version: int, grids: Any = GRIDS, **work: Any) -> None:
        """Apply a profile, which holds at once; the beats of its townships are told."""
        said = {"obligations": [PATROL, VISIT], "grace": "30 minutes", **work}
        self.versions[version] = DirectoryIndex(profile(version=version, grids=grids, work=said))
        if self.beat is not None:
            self.apply(Tick(BOOK))

    @property
    def state(self) -> Beat:
        """The beat, which must be known."""
        assert self.beat is not None
        return self.beat

    def apply(self, event: Event | Tick) -> list[Event]:
        """Decide on an event and return what was said."""
        newest = self.versions[max(self.versions)]
        found = decide(self.beat, event, self.now, lambda _: newest, lambda _, version: self.versions[version])
        self.beat = Beat.model_validate(found.state.model_dump(mode="python", exclude_defaults=True))
        assert self.beat == found.state
        self.reason = found.reason
        self.said += found.events
        return list(found.events)

    def tick(self, until: str | None = None) -> list[Event]:
        """Sweep at every due instant up to then."""
        said: list[Event] = []
        end = local(until) if until else self.now
        while self.beat is not None and (instant := due(self.beat)) is not None and instant <= end:
            self.now = max(self.now, instant)
            said += self.apply(Tick(BOOK))
        self.now = end
        return said + self.apply(Tick(BOOK))

    def tell(self, command: type[WorkCommand], actor: Actor = APP, at: str | None = None, **fields: Any) -> list[Event]:
        """Give a command now, about something that happened then."""
        when: dict[str, Any] = {"occurred_at": local(at) if at else self.now, "recorded_at": self.now}
        return self.apply(command(district=DISTRICT, case_id=BOOK, actor=actor, **when, **fields))

    def patrol(self, grid: str = ONE, worker: str = "w-1", **fields: Any) -> list[Event]:
        """Record a patrol."""
        return self._done(RecordPatrol, grid, worker, **fields)

    def visit(self, grid: str = ONE, worker: str = "w-1", **fields: Any) -> list[Event]:
        """Record a visit at which all questions were asked."""
        return self._done(RecordVisit, grid, worker, **{"asked": ("困难", "诉求"), **fields})

    def _done(self, command: type[WorkCommand], grid: str, worker: str, **fields: Any) -> list[Event]:
        self.nonces += 1
        return self.tell(command, grid=grid, worker=worker, **{"nonce": f"nonce-{self.nonces:04}", **fields})

    def leave(self, worker: str, first: str, last: str, **fields: Any) -> list[Event]:
        """Note a leave, by the township unless told otherwise."""
        fields = {"actor": STREET, **fields}
        return self.tell(TakeLeave, worker=worker, first=first, last=last, **fields)

    def refused(self, error: str) -> Any:
        """Expect a refusal."""
        return pytest.raises(Rejected, check=lambda rejected: rejected.error == error)

    def missed(self) -> list[tuple[str, list[str]]]:
        """Return what was told as missed: the round's local begin, and the last three of each grid."""
        told = [one for one in self.said if isinstance(one, WorkMissed)]
        zone = self.versions[max(self.versions)].profile.zone
        return [(f"{one.starts_at.astimezone(zone):%d.%H}", [place.grid[-3:] for place in one.places]) for one in told]

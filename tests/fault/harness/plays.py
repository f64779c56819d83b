"""One playing of a story: its report and commands as they are sent, and how far it has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deploy.partner.messages import Data, Inbound, Sender
from shared.contracts.base import format_instant
from shared.contracts.ids import case_id
from shared.contracts.incidents import Report
from shared.district.model import Profile
from tests.fault.harness.stories import HOLD, STORIES, Cue, Line, Story

START = datetime(2026, 7, 1, 1, tzinfo=UTC)
"""Nine in the morning of a working day in China: where the virtual clock of the run stands at its beginning."""

PARTNERS = ("grid-app", "hotline-12345")
ARRIVED = frozenset({"case.opened", "clock.started", "notice.queued"})
"""What all four services have said of a report once it has come through."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where everything of a district happens."""

    district: str
    grid: str
    lon: float
    lat: float

    @classmethod
    def of(cls, profile: Profile) -> Spot:
        """Take the middle of the first grid that has an outline."""
        grid = next(one for one in profile.grids if one.polygon and not one.retired)
        points = grid.polygon or ()
        lon, lat = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
        return cls(profile.code, grid.code, round(lon, 6), round(lat, 6))


@dataclass(slots=True)
class Play:
    """A case on its way. Times are monotonic seconds; `acknowledged` when broker or gateway had its report."""

    number: int
    name: str
    spot: Spot
    run: str
    sent_at: float = 0.0
    acknowledged: float | None = None
    arrived: float | None = None
    done: float | None = None
    cue: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)
    hold: datetime | None = None

    @property
    def story(self) -> Story:
        """Its script."""
        return STORIES[self.name]

    @property
    def partner(self) -> str:
        """Who reports it."""
        return PARTNERS[self.number // 2 % len(PARTNERS)]

    @property
    def report_id(self) -> str:
        """What its partner calls it."""
        return f"{self.run}-{self.number:06}"

    @property
    def occurred_at(self) -> datetime:
        """When the matter began: just before the run, or days before where it is to be late."""
        return START - (timedelta(days=10) if self.story.late else timedelta(minutes=30))

    @property
    def case_id(self) -> str:
        """The number its case will have."""
        day = (self.occurred_at + timedelta(hours=8)).date()
        return case_id(self.spot.district, day, self.partner, self.report_id)

    def payload(self, *, changed: bool = False) -> Data:
        """Return the report's data."""
        data: Data = {
            "report_id": self.report_id,
            "occurred_at": format_instant(self.occurred_at),
            "text": f"{self.story.keyword}{self.story.words}{'另一内容' if changed else ''}",
            "location": {"lon": self.spot.lon, "lat": self.spot.lat, "datum": "wgs84", "grid": self.spot.grid},
            "reporter": {"name": "某市民", "phone": f"13800{self.number % 1_000_000:06}"},
        }
        return {**data, "category": "E06010"} if self.story.category else data

    def report(self, *, changed: bool = False) -> Inbound:
        """Return the report as a record."""
        sender = Sender(self.spot.district, self.partner)
        data = self.payload(changed=changed)
        return sender.binary(Report.type, f"r/{self.report_id}", self.report_id, data, self.occurred_at)

    def line(self, line: Line, now: datetime) -> Inbound:
        """Return a command as a record; its id depends on the script alone, so that it may be sent again."""
        now = max(now, self.hold) if self.hold else now
        data: Data = {"case_id": self.case_id, "occurred_at": format_instant(now), **self._filled(line, now)}
        if line.task:
            data["task_id"] = f"{self.case_id}/{line.task}"
        id_ = f"c/{self.report_id}/{self.cue}/{line.by}/{line.command.type}"
        return Sender(self.spot.district, line.by).binary(line.command.type, id_, self.case_id, data, now)

    def _filled(self, line: Line, now: datetime) -> Data:
        data = dict(line.data)
        if data.get("until") == "@hold":
            self.hold = now + HOLD
            data["until"] = format_instant(self.hold)
        if data.pop("@", None) == "check-in":
            data |= {"lon": self.spot.lon, "lat": self.spot.lat, "nonce": f"{self.report_id}-{line.by}"}
        return data

    def hear(self, kinds: Sequence[str], mark: bytes, now: float) -> list[Cue]:
        """Note an event by its kind, or kinds from the general to the special; return the cues that come with it."""
        if self.done is not None and self.arrived is not None:
            return []
        if mark in self.seen:
            return []
        self.seen.add(mark)
        self.heard.update(kinds)
        if self.arrived is None and self.heard.keys() >= ARRIVED:
            self.arrived = now
        return list(self._advance(now)) if self.done is None else []

    def _advance(self, now: float) -> list[Cue]:
        due: list[Cue] = []
        while self.cue < len(self.story.cues):
            cue = self.story.cues[self.cue]
            if self.heard[cue.after] < cue.times:
                return due
            self.cue += 1
            due.append(cue)
        self.done = now
        return due

"""What becomes of a report (受理): believed or not, known or not, near another or not. And when things happened."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.district.model import Profile
from tests.support.model.case import Refused
from tests.support.model.ground import holds, lying_in, means
from tests.support.model.routes import category_of

Content = dict[str, Any]
METRES_A_DEGREE = 111_195.0


@dataclass(eq=False)
class Report:
    """A report that was taken in."""

    partner: str
    id: str
    content: Content
    at: datetime
    category: str | None
    text: str
    severity: int | None
    own_due: datetime | None
    place: dict[str, Any]
    reachable: bool
    profile: Profile
    case: str = ""
    accepted: bool = True
    into: str = ""
    apart_from: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it asks to be one household's file of a batch: neighbours with one dispute are as many cases."""
        return "batch" in self.content

    @property
    def reporter(self) -> str:
        """Whoever reported it, named by the report."""
        return f"{self.partner}:{self.id}"


@dataclass
class Reception:
    """Everything that was ever reported in a district."""

    profile: Profile
    reports: dict[tuple[str, str], Report] = field(default_factory=dict)

    def believed(self, claim: str | None, received: datetime) -> datetime:
        """When it happened: what the partner says if that can be, else when it came."""
        if claim is None:
            return received
        at = datetime.fromisoformat(claim)
        earliest, latest = received - self.profile.max_backdating, received + self.profile.future_tolerance
        return at if earliest <= at <= latest else received

    def take(self, partner: str, content: Content, received: datetime) -> tuple[str, Report, str]:
        """Return what becomes of a report (accepted, merged, duplicate), the report, and the case it went to."""
        key, report = (partner, content["report_id"]), self.read(partner, content, received)
        if key in self.reports:
            if self.reports[key].content != content:
                raise Refused("conflicting-duplicate")
            return "duplicate", self.reports[key], ""
        near = self.nearest(report)
        self.reports[key] = report
        if near is not None:
            report.accepted, report.into = False, near.case
            return "merged", report, near.case
        return "accepted", report, ""

    def separate(self, case: str, partner: str, report_id: str) -> Report:
        """Take a report out of the case it was merged into; from now on others may be merged into it (撤销并案)."""
        report = self.reports.get((partner, report_id))
        if report is None:
            raise Refused("unknown-report")
        if report.into != case:
            raise Refused("illegal-transition")
        report.accepted, report.into, report.apart_from = True, "", case
        return report

    def read(self, partner: str, content: Content, received: datetime) -> Report:
        """Put a report into our own terms."""
        sender = next(one for one in self.profile.partners if one.id == partner)
        category = category_of(self.profile, content.get("category"))
        text = content.get("text") or ""
        if category is None and not text:
            raise Refused("unknown-category")
        own = content.get("due_at") if sender.own_limit else None
        at = self.believed(content.get("occurred_at"), received)
        return Report(
            partner, content["report_id"], content, at, category, text, content.get("severity"),
            datetime.fromisoformat(own) if own else None, self.locate(content), "reporter" in content, self.profile,
        )  # fmt: skip

    def locate(self, content: Content) -> dict[str, Any]:
        """Find the grid whose code is given, however old it is; else the one that the position lies in."""
        said = content.get("location") or {}
        place: dict[str, Any] = {"lon": said.get("lon"), "lat": said.get("lat")}
        given = means(self.profile, said.get("grid"), place)
        there = (one for one in self.profile.grids if not one.successors and holds(one, place))
        grid = given or next(there, None)
        return place | (lying_in(grid) if grid else {})

    def nearest(self, report: Report) -> Report | None:
        """The report that this one says again: same category, near in place and time, and not another text."""
        policy = self.profile.near_duplicates
        found: list[tuple[float, float, str, Report]] = []
        if report.is_file:
            return None
        for other in self.reports.values():
            if not other.accepted or other.is_file or report.category is None or other.category != report.category:
                continue
            if None in (report.place["lon"], other.place["lon"]) or abs(report.at - other.at) > policy.window:
                continue
            alike, metres = likeness(report.text, other.text), distance(report.place, other.place)
            if metres <= policy.radius_m and (alike is None or alike >= policy.text_similarity):
                found.append((-(alike or 0), metres, other.case, other))
        return min(found, key=lambda one: one[:3])[3] if found else None


def distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Metres between two places that are near each other."""
    east = (one["lon"] - other["lon"]) * math.cos(math.radians((one["lat"] + other["lat"]) / 2))
    return METRES_A_DEGREE * math.hypot(east, one["lat"] - other["lat"])


def likeness(one: str, other: str) -> float | None:
    """How alike two texts are: twice the pairs of letters they share, of all pairs there are. None if one is empty."""
    left = {one[n : n + 2] for n in range(len(one) - 1)}
    right = {other[n : n + 2] for n in range(len(other) - 1)}
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else None

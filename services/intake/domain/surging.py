"""Surges (群体性事件): many reports of one place or one cause within a window become one parent case with children.

A district's book holds its surges. Whoever looks (any replica, at any moment) brings what was reported lately; the book
decides on that and on what it holds, so two who look at once, or twice, find one surge and each child once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain.nearness import Sighting, cells_around, distance_m, own_cell
from shared.contracts.base import Event
from shared.contracts.ids import case_id
from shared.contracts.incidents import SurgeDetected, SurgeEnded, SurgeJoined, SurgeKind
from shared.decision import Decision, Stored, Tick
from shared.district.lookup import Asked, DirectoryIndex
from shared.district.policies import Surge as Policy

_DISTRICT = 6

PARTNER = "surge"
"""What stands for the partner of a parent case, whose report is the surge itself."""

MAX_CHILDREN = 2_000
"""Children of one surge, each remembered so that it is told once: more would not fit a document. What comes then stays
a case without a parent."""


class Surge(Stored):
    """One surge. `members` are its children; what is reported within `radius_m` of (`lon`, `lat`) belongs to it."""

    case_id: str
    kind: SurgeKind
    category: str
    lon: float
    lat: float
    radius_m: float
    since: datetime
    last_at: datetime
    window_seconds: float
    members: tuple[str, ...] = ()
    ended: bool = False

    @property
    def over_at(self) -> datetime:
        """When it ends if nothing more is reported."""
        return self.last_at + timedelta(seconds=self.window_seconds)

    @property
    def full(self) -> bool:
        """Whether it takes no more children."""
        return len(self.members) >= MAX_CHILDREN

    def takes(self, one: Sighting) -> bool:
        """Say whether a report belongs to it."""
        there = Sighting("", one.district, "", self.lon, self.lat, one.at, "")
        alike = self.kind is SurgeKind.PLACE or one.category == self.category
        window = timedelta(seconds=self.window_seconds)
        in_time = self.since - window <= one.at <= self.over_at
        return alike and in_time and distance_m(one, there) <= self.radius_m


class SurgeBook(Stored):
    """The surges of a district: those that last, and those that ended, until what belonged to them is out of sight."""

    district: str
    surges: tuple[Surge, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What was reported lately around where something new was reported, each a case of its own and told already."""

    index: DirectoryIndex
    sightings: tuple[Sighting, ...]

    @property
    def district(self) -> str:
        """The code of the district."""
        return self.index.profile.code

    @property
    def policy(self) -> Policy:
        """When many are a surge."""
        return self.index.profile.surge


def book_id(district: str) -> str:
    """Return under which id a district's book is kept."""
    return f"{district}/surges"


def next_end(book: SurgeBook) -> datetime | None:
    """Return when the book is to be looked at without a report: a surge ends then."""
    return min((one.over_at for one in book.surges if not one.ended), default=None)


def decide_surge(book: SurgeBook | None, event: Look | Tick, now: datetime) -> Decision[SurgeBook]:
    """Let reports join a surge or make one; end those that have had a window of quiet."""
    if isinstance(event, Tick):
        return _tick(book or SurgeBook(district=event.id.partition("/")[0]), now)
    known = book or SurgeBook(district=event.district)
    kept = _in_sight(known, now)
    taken = {member for one in kept for member in one.members}
    fresh = sorted((one for one in event.sightings if one.case_id not in taken), key=lambda one: (one.at, one.case_id))
    surges, rest, events = _join(kept, fresh, now)
    for found in _found(rest, event):
        surges.append(found)
        events += [_detected(found, event.index, now)]
        events += [_joined(found, member, found.last_at, now) for member in found.members]
    if not events:
        return Decision(known, "nothing_surges")
    reason = "surge" if any(isinstance(one, SurgeDetected) for one in events) else "joined"
    return Decision(SurgeBook(district=known.district, surges=tuple(surges)), reason, tuple(events))


def _in_sight(book: SurgeBook, now: datetime) -> list[Surge]:
    """Return the surges without those that ended so long ago that no look reaches back to their reports."""
    return [
        one for one in book.surges if not one.ended or now <= one.over_at + timedelta(seconds=2 * one.window_seconds)
    ]


def _join(
    kept: Sequence[Surge], fresh: Iterable[Sighting], now: datetime
) -> tuple[list[Surge], list[Sighting], list[Event]]:
    """Let reports join the surges that last; return those, the reports of no surge, and who joined."""
    surges, rest, events = list(kept), list[Sighting](), list[Event]()
    for one in fresh:
        home = next((n for n, surge in enumerate(surges) if not surge.ended and surge.takes(one)), None)
        if home is None:
            rest.append(one)
        elif not surges[home].full:
            surge = surges[home]
            update = {"members": (*surge.members, one.case_id), "last_at": max(surge.last_at, one.at)}
            surges[home] = surge.model_copy(update=update)
            events.append(_joined(surge, one.case_id, one.at, now))
    return surges, rest, events


def _found(rest: Sequence[Sighting], look: Look) -> Iterator[Surge]:
    """Yield the surges that reports of no surge make, one place first, then one cause."""
    policy, left = look.policy, list(rest)
    kinds = [(SurgeKind.PLACE, policy.count, policy.radius_m)]
    kinds += [(SurgeKind.CAUSE, policy.cause.count, policy.cause.radius_m)] if policy.cause.enabled else []
    for kind, count, radius_m in kinds:
        for group in _groups(kind, count, radius_m, left, policy.window):
            yield _surge(kind, group[:MAX_CHILDREN], radius_m, look)
            taken = {other.case_id for other in group}
            left = [other for other in left if other.case_id not in taken]


def _groups(
    kind: SurgeKind, count: int, radius_m: float, left: Sequence[Sighting], window: timedelta
) -> Iterator[list[Sighting]]:
    """Yield reports that are together, each in one group; only those in cells around one are compared with it."""
    cells: dict[int, list[Sighting]] = {}
    for one in left:
        cells.setdefault(own_cell(_of_any_kind(one), radius_m), []).append(one)
    grouped: set[str] = set()
    for one in left:
        if one.case_id in grouped:
            continue
        around = (other for cell in cells_around(_of_any_kind(one), radius_m) for other in cells.get(cell, ()))
        group = [other for other in around if _together(one, other, kind, radius_m, window)]
        group = [other for other in group if other.case_id not in grouped]
        if len(group) >= count:
            grouped |= {other.case_id for other in group}
            yield sorted(group, key=lambda other: (other.at, other.case_id))


def _of_any_kind(one: Sighting) -> Sighting:
    return replace(one, category="")


def _together(one: Sighting, other: Sighting, kind: SurgeKind, radius_m: float, window: timedelta) -> bool:
    """Say whether another is near, in the window that ends with this one, and of the same cause if it must be."""
    alike = kind is SurgeKind.PLACE or one.category == other.category
    return alike and timedelta(0) <= one.at - other.at <= window and distance_m(one, other) <= radius_m


def _surge(kind: SurgeKind, group: Sequence[Sighting], radius_m: float, look: Look) -> Surge:
    first, number = group[0], len(group)
    category = min(Counter(one.category for one in group).items(), key=lambda item: (-item[1], item[0]))[0]
    local = first.at.astimezone(look.index.profile.zone)
    return Surge(
        case_id=case_id(first.district, local, PARTNER, f"{kind}/{first.case_id}"),
        kind=kind,
        category=category,
        lon=round(sum(one.lon for one in group) / number, 6),
        lat=round(sum(one.lat for one in group) / number, 6),
        radius_m=radius_m,
        since=first.at,
        last_at=group[-1].at,
        window_seconds=look.policy.window.total_seconds(),
        members=tuple(one.case_id for one in group),
    )


def _told(case: str, at: datetime, now: datetime) -> dict[str, Any]:
    return {"district": case[:_DISTRICT], "case_id": case, "occurred_at": at, "recorded_at": now}


def _detected(surge: Surge, index: DirectoryIndex, now: datetime) -> SurgeDetected:
    """Return the event; it happened when the report came that made it a surge."""
    place = index.locate(Asked(None, surge.lon, surge.lat, None))
    category = index.category(surge.category)
    return SurgeDetected(
        **_told(surge.case_id, surge.last_at, now),
        kind=surge.kind,
        category=surge.category,
        count=len(surge.members),
        cases=surge.members,
        lon=surge.lon,
        lat=surge.lat,
        radius_m=surge.radius_m,
        since=surge.since,
        grid=place.grid,
        community=place.community,
        township=place.township,
        text=f"集中反映{len(surge.members)}件：{category.name if category else surge.category}",
        profile_version=index.profile.version,
    )


def _joined(surge: Surge, member: str, at: datetime, now: datetime) -> SurgeJoined:
    return SurgeJoined(**_told(member, at, now), parent=surge.case_id)


def _tick(book: SurgeBook, now: datetime) -> Decision[SurgeBook]:
    """End the surges whose window of quiet is over."""
    over = [one for one in book.surges if not one.ended and one.over_at <= now]
    if not over:
        return Decision(book, "nothing_due")
    surges = tuple(one.model_copy(update={"ended": True}) if one in over else one for one in book.surges)
    ended = (
        SurgeEnded(**_told(one.case_id, one.over_at, now), count=len(one.members), since=one.since) for one in over
    )
    return Decision(SurgeBook(district=book.district, surges=surges), "surge_ended", tuple(ended))

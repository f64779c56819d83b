"""Writing the plan: every case of the year from a seed, with all that will be done about it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import cos, hypot, radians
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes
from typing import Any

from deploy.demo.catalogue import Matter, catalogue
from deploy.demo.chance import dice
from deploy.demo.habits import HABITS
from deploy.demo.places import METRES_A_DEGREE, moved
from deploy.demo.reports import SHARE, Draft, Reporters
from deploy.demo.rhythm import moments
from deploy.demo.stories import case_of
from deploy.year import published
from deploy.year.disputes import dispute
from deploy.year.events import Events
from deploy.year.lives import Plan
from deploy.year.timing import Timing
from shared.contracts.actors import PartnerKind
from shared.contracts.incidents import Datum
from shared.contracts.topics import UNLOCATED
from shared.district.lookup import Asked, DirectoryIndex
from shared.district.routing import Facts, Routing
from shared.district.rules import choose

APART_M = 400.0
APART = timedelta(hours=25)
"""Two reports of a category are so far from each other, in metres or in time, that nobody takes them for one."""

AT_ONCE = timedelta(hours=1)
"""What is decided at once (withdrawn, mustered) must have been by the end; who reports later does so next year."""

WORDLESS = "情况说明见附件，请协调处理"
"""What a report says that waits in triage."""


@dataclass(slots=True)
class Writer:
    """Writes the plan of one district."""

    index: DirectoryIndex
    timing: Timing
    seed: int
    plan: Plan
    reporters: Reporters = field(init=False)
    _lately: deque[tuple[datetime, str, float, float]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.reporters = Reporters(self.index.profile, self.seed)

    def day(self, midnight: datetime, events: int, disputes: int) -> None:
        """Write one day."""
        chance = dice(self.seed, midnight.date())
        kinds = [False] * events + [True] * disputes
        chance.shuffle(kinds)
        for at, is_dispute in zip(moments(midnight, len(kinds), chance), kinds, strict=True):
            if at + self.timing.slack + AT_ONCE < self.plan.end:
                self._write(at, chance, is_dispute=is_dispute)

    def _write(self, at: datetime, chance: Random, *, is_dispute: bool) -> None:
        draft, routing = self._drafted(at, chance, is_dispute=is_dispute)
        case, key = case_of(draft, self.index.profile.code), draft.matter.category
        if is_dispute:
            self.plan.lives[case] = dispute(case, draft.happened, key, self.timing, chance, self.plan.end)
        else:
            events = Events(self.index, self.timing, self.plan.end)
            life = events.life(case, draft.happened, (key, routing), chance)
            self.plan.lives[case] = life
            draft = _wordless(draft) if life.classified else draft
            if life.fate == "plain" and not life.joint and chance.random() < published.TWINS and self._room(draft):
                life.twins = 1
                self._twin(draft)
        self.plan.reports.append((draft.submission(), case, "begun"))
        if chance.random() < published.REPEATED:
            self.plan.reports.append((replace(draft, at=at + timedelta(hours=1)).submission(), "", ""))

    def _room(self, draft: Draft) -> bool:
        return draft.at + timedelta(minutes=20) + self.timing.slack < self.plan.end

    def _drafted(self, at: datetime, chance: Random, *, is_dispute: bool) -> tuple[Draft, Routing]:
        """Return a report that nobody takes for another."""
        while True:
            kind = chance.choices(list(SHARE), list(SHARE.values()))[0]
            matter = _pick(chance, kind, is_dispute=is_dispute)
            if matter is None or not self.reporters.partners(kind):
                continue
            spot = self.reporters.places.draw(chance)
            draft = _placed(self.reporters.draft(at, kind, matter, spot, chance), self.index.profile.code)
            routing = choose(self.index, self._facts(draft))
            if not self._met(draft):
                self._lately.append((at, matter.category, spot.lon, spot.lat))
                return draft, routing

    def _met(self, draft: Draft) -> bool:
        while self._lately and self._lately[0][0] < draft.at - APART:
            self._lately.popleft()
        spot, key = draft.spot, draft.matter.category
        return any(
            known == key and _metres(lon - spot.lon, lat - spot.lat, lat) < APART_M
            for _, known, lon, lat in self._lately
        )

    def _facts(self, draft: Draft) -> Facts:
        place = self.index.locate(Asked(draft.spot.grid, draft.spot.lon, draft.spot.lat, draft.spot.address))
        grid = self.index.grid(place.grid) if place.grid else None
        return Facts(
            category=draft.matter.category,
            at=draft.happened,
            township=place.township,
            community=place.community,
            grid=place.grid,
            grid_kind=grid.kind if grid else None,
            partner=draft.sender.partner,
            partner_kind=draft.kind,
            text=str(draft.data["text"]),
        )

    def _twin(self, draft: Draft) -> None:
        """Let somebody else of the same partner report the same, a few metres away."""
        lon, lat = moved(draft.spot.lon, draft.spot.lat, 12.0, 12.0)
        happened = draft.happened + timedelta(minutes=11)
        data = {
            **draft.data,
            "report_id": f"{draft.data['report_id']}-b",
            "occurred_at": HABITS[draft.kind].tell(happened),
            "location": {**draft.data["location"], "lon": round(lon, 6), "lat": round(lat, 6)},
        }
        # Told so late that the first is known by then: which of two comes first is anybody's guess on two partitions.
        twin = replace(draft, at=draft.at + timedelta(minutes=11) + self.timing.step, happened=happened, data=data)
        self.plan.reports.append((twin.submission(), case_of(twin, self.index.profile.code), "merged"))


def _pick(chance: Random, kind: PartnerKind, *, is_dispute: bool) -> Matter | None:
    weighed: Mapping[str, float] = {
        one.category: one.weight * one.by.get(kind, 0)
        for one in catalogue().matters
        if one.category.startswith("D") is is_dispute
    }
    if not any(weighed.values()):
        return None
    return catalogue().matter(chance.choices(list(weighed), list(weighed.values()))[0])


def _placed(draft: Draft, district: str) -> Draft:
    """Return the draft with its category, and its position as a telephone tells it."""
    spot = draft.spot
    place: dict[str, Any] = {"lon": spot.lon, "lat": spot.lat, "datum": Datum.WGS84.value, "address": spot.address}
    place["grid"] = spot.grid
    data = {**draft.data, "location": place, "category": draft.matter.category}
    unsure = draft.sender.district == UNLOCATED
    if unsure:
        del place["grid"]
    return replace(draft, sender=replace(draft.sender, district=UNLOCATED if unsure else district), data=data)


def _wordless(draft: Draft) -> Draft:
    data = {name: value for name, value in draft.data.items() if name != "category"}
    return replace(draft, data={**data, "text": WORDLESS})


def _metres(east: float, north: float, lat: float) -> float:
    return METRES_A_DEGREE * hypot(east * cos(radians(lat)), north)


def counts(days: int, scale: float, of_a_year: int) -> Iterator[int]:
    """Yield how many fall on each day, so that they sum up."""
    done = 0
    for day in range(1, days + 1):
        until = round(of_a_year * scale * day / 365)
        yield until - done
        done = until

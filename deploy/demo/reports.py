"""The reports of an ordinary day, written by a seeded generator: same seed and profiles, same reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.demo.catalogue import Matter, catalogue
from deploy.demo.chance import dice
from deploy.demo.habits import HABITS, envelope, location, named
from deploy.demo.places import Places, Spot
from deploy.demo.rhythm import moments
from deploy.demo.submission import Kind, Submission
from deploy.partner.messages import Data, Sender
from shared.contracts.actors import PartnerKind
from shared.contracts.topics import UNLOCATED
from shared.district.model import Profile

SHARE = {
    PartnerKind.GRID_APP: 0.42,
    PartnerKind.HOTLINE_12345: 0.27,
    PartnerKind.VIDEO_AI: 0.16,
    PartnerKind.POLICE_110: 0.10,
    PartnerKind.DEPARTMENT: 0.05,
}
"""Who reports how much."""

PEOPLE = {PartnerKind.HOTLINE_12345, PartnerKind.POLICE_110}
"""Partners that pass on what somebody said, with that person's contact."""

SYSTEMS = ("emergency", "ecology", "water-affairs", "housing", "fire-rescue")
"""Departments with a monitoring system that reports by itself."""

DISTRICT_UNKNOWN = 0.06
"""The share of the hotline's reports whose district the hotline does not know; intake finds it by the position."""

ANONYMOUS = 0.15
WITH_MAIL = 0.4
SURNAMES = "王李张刘陈杨马赵"


@dataclass(frozen=True, slots=True)
class Draft:
    """A report before it is put into its partner's form; flaws are made from it."""

    at: datetime
    happened: datetime
    kind: PartnerKind
    sender: Sender
    matter: Matter
    spot: Spot
    data: Data

    def submission(self, kind: Kind = Kind.REPORT) -> Submission:
        """Return it as its partner sends it."""
        return Submission(self.at, envelope(self.sender, self.kind, self.data, self.happened), kind)


@dataclass(slots=True)
class Reporters:
    """The reporting partners of one district."""

    profile: Profile
    seed: int
    places: Places = field(init=False)
    _serial: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = Places(self.profile)

    @property
    def kinds(self) -> list[PartnerKind]:
        """The kinds of partner there are here and in the catalogue."""
        return [kind for kind in SHARE if self.partners(kind)]

    def partners(self, kind: PartnerKind) -> Sequence[str]:
        """Return the ids of the partners of a kind; of the departments, those whose systems report."""
        found = [one.id for one in self.profile.partners if one.kind is kind and one.may_report]
        return [one for one in found if one in SYSTEMS] if kind is PartnerKind.DEPARTMENT else found

    def day(self, start: datetime, count: int) -> Iterator[Draft]:
        """Yield so many reports of one day in the order they are sent."""
        chance = dice(self.seed, self.profile.code, "day")
        kinds = self.kinds
        shares = [SHARE[kind] for kind in kinds]
        for at in moments(start, count, chance):
            kind = chance.choices(kinds, shares)[0]
            yield self.draft(at, kind, catalogue().pick(chance, kind), self.places.draw(chance), chance)

    def draft(self, at: datetime, kind: PartnerKind, matter: Matter, spot: Spot, chance: Random) -> Draft:
        """Return one report of a matter at a place, sent some minutes after it was noticed."""
        place = location(spot, kind, chance)
        sender = Sender(self._district(kind, place, chance), chance.choice(self.partners(kind)))
        happened = (at - timedelta(seconds=chance.uniform(30, 420))).replace(microsecond=0)
        data: Data = {
            "report_id": self._next_id(sender.partner, kind, at),
            "occurred_at": HABITS[kind].tell(happened),
            "text": catalogue().write(chance, matter, kind, spot.community),
            "location": place,
            **self._reporter(kind, chance),
        }
        if chance.random() >= HABITS[kind].unsorted:
            data["category"] = named(matter, kind, self.profile.code)
        return Draft(at, happened, kind, sender, matter, spot, data)

    def _district(self, kind: PartnerKind, place: Data, chance: Random) -> str:
        unsure = kind is PartnerKind.HOTLINE_12345 and "lon" in place and chance.random() < DISTRICT_UNKNOWN
        return UNLOCATED if unsure else self.profile.code

    def _next_id(self, partner: str, kind: PartnerKind, at: datetime) -> str:
        self._serial[partner] = self._serial.get(partner, 0) + 1
        return f"{HABITS[kind].prefix}-{at.astimezone(self.profile.zone):%Y%m%d}-{self._serial[partner]:05}"

    @staticmethod
    def _reporter(kind: PartnerKind, chance: Random) -> Data:
        if kind not in PEOPLE:
            return {}
        if chance.random() < ANONYMOUS:
            return {"reporter": {"anonymous": True}}
        number = chance.randint(0, 999)
        reporter = {"name": f"{chance.choice(SURNAMES)}某", "phone": f"13800000{number:03}"}
        if chance.random() < WITH_MAIL:
            reporter["email"] = f"citizen-{number:03}@example.invalid"
        return {"reporter": reporter}

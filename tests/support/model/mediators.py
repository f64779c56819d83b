"""A dispute as the model keeps it, and who mediates it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tests.support.model.case import CaseFile, Refused

if TYPE_CHECKING:
    from tests.support.model.district import DistrictModel

UNDER_WAY = ("mediating", "court")
MOST_TIERS = 40


@dataclass(eq=False)
class Tier:
    """One stay in a tier."""

    number: int
    name: str
    owner: str
    mediator: str | None
    co: str | None = None
    members: tuple[str, ...] = ()
    due: datetime | None = None
    consents: list[str] = field(default_factory=list)
    ended: datetime | None = None
    outcome: str | None = None


@dataclass(eq=False)
class Dispute:
    """A dispute: where it stands, the tiers it has been in, the last one being where it is.

    `batch` is the case of which it is one household's file. A batch counts its files when `count_at` has come.
    """

    state: str = "mediating"
    tiers: list[Tier] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)
    total_due: datetime | None = None
    extensions: int = 0
    hearings: int = 0
    batch: str | None = None
    is_batch: bool = False
    expected: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    count_at: datetime | None = None

    @property
    def tier(self) -> Tier:
        """Where it is."""
        return self.tiers[-1]


class Choosing:
    """Who mediates: by place, speciality, load and conflict of interest."""

    def __init__(self, district: DistrictModel) -> None:
        self.district, self.mediators = district, district.profile.mediators

    def best(self, case: CaseFile, name: str, without: str | None = None) -> Any:
        """The best mediator: who has time before who has none; then near, known, idle."""
        ranked = [(self.rank(case, one), one) for one in self.mediators if one.tier == name and one.code != without]
        fit = [(rank, one) for rank, one in ranked if rank is not None and not self.is_partial(case, one)]
        return min(fit, key=lambda one: one[0])[1] if fit else None

    def rank(self, case: CaseFile, one: Any) -> tuple[Any, ...] | None:
        """How good somebody is for a dispute; None for who does not serve the place."""
        places = (case.place.get("community"), case.place.get("township"))
        near = next((n for n, place in enumerate(places) if place and place in one.areas), 2 if not one.areas else None)
        if near is None:
            return None
        known = any(fnmatchcase(case.category or "", glob) for glob in one.specialities)
        stranger = 1 if not one.specialities else 2 - 2 * known
        order = (near, stranger) if one.tier == "community" else (stranger, near)
        load = self.load(one.code)
        return load >= one.capacity, order, load / one.capacity

    def load(self, code: str) -> int:
        """How many disputes somebody mediates now."""
        return sum(
            case.open and case.dispute is not None and case.dispute.state in UNDER_WAY
            and any(tier.mediator == code for tier in case.dispute.tiers[-1:])
            for case in self.district.cases.values()
        )  # fmt: skip

    def is_partial(self, case: CaseFile, one: Any) -> bool:
        """Say whether somebody has an interest in it."""
        return one.code in self.of(case).partial or case.partner in one.interests

    @staticmethod
    def of(case: CaseFile) -> Dispute:
        """The dispute of a case that is one."""
        if case.dispute is None:
            raise Refused("not-a-dispute")
        dispute: Dispute = case.dispute
        return dispute

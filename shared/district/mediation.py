"""The ladder of mediation (递进式调解): which categories are disputes, tiers with their limits, and who mediates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property

from pydantic import Field, model_validator

from shared.contracts.disputes import TierName
from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import LimitUnit
from shared.district.base import AreaCode, CategoryGlob, DepartmentCode, Limit, Section

LADDER = (TierName.COMMUNITY, TierName.GOLD, TierName.LAWYER, TierName.COURT)
"""From the mediator next door to arbitration or court; the last one always exists, for nobody may be kept from it."""


class TierPolicy(Section):
    """One tier of the ladder and how long it may take; the last one may leave that to the law of procedure."""

    name: TierName
    limit: Limit | None = None


class Mediation(Section):
    """How disputes are mediated. Without `categories` no case is: departments then handle disputes like other matters.

    `total` is the time for mediation as a whole, before arbitration or court: 30 days (人民调解工作若干规定 art. 33:
    one month). It is longer only with the recorded consent of the parties, so often and so much as is said here.
    """

    categories: tuple[CategoryGlob, ...] = ()
    tiers: tuple[TierPolicy, ...] = (
        TierPolicy(name=TierName.COMMUNITY, limit=_Limit(amount=10, unit=LimitUnit.CALENDAR_DAYS)),
        TierPolicy(name=TierName.GOLD, limit=_Limit(amount=10, unit=LimitUnit.CALENDAR_DAYS)),
        TierPolicy(name=TierName.LAWYER, limit=_Limit(amount=10, unit=LimitUnit.CALENDAR_DAYS)),
        TierPolicy(name=TierName.COURT),
    )
    total: Limit = _Limit(amount=30, unit=LimitUnit.CALENDAR_DAYS)
    max_extensions: int = Field(default=1, ge=0, le=10)
    max_extension: Limit = _Limit(amount=30, unit=LimitUnit.CALENDAR_DAYS)

    @model_validator(mode="after")
    def _climbs_to_court(self) -> Mediation:
        order = [LADDER.index(tier.name) for tier in self.tiers if tier.name in LADDER]
        if len(order) < len(self.tiers) or order != sorted(set(order)):
            raise ValueError(f"the tiers must be of {', '.join(LADDER)}, in this order, each once")
        if not order or order[-1] != len(LADDER) - 1:
            raise ValueError("the last tier must be court: mediation that fails leads to arbitration or court")
        if any(tier.limit is None for tier in self.tiers[:-1]):
            raise ValueError("every tier but the last needs a limit")
        return self

    def covers(self, category: str) -> bool:
        """Say whether a case of this category is mediated."""
        return any(fnmatchcase(category, glob) for glob in self.categories)

    def policy(self, name: TierName) -> TierPolicy:
        """Return the policy of a tier; a task force and a batch have no limit of their own."""
        return next((tier for tier in self.tiers if tier.name is name), TierPolicy(name=name))

    def after(self, name: TierName) -> TierName | None:
        """Return the tier that follows; after a task force or a batch only the last is left, after that none."""
        names = [tier.name for tier in self.tiers]
        if name not in names:
            return names[-1]
        place = names.index(name) + 1
        return names[place] if place < len(names) else None


class Mediator(Section):
    """Somebody who mediates, by function and not by name, and speaks through the topic of a department.

    `areas` are townships or communities, `specialities` patterns of categories; none means all. `interests` are the
    subjects and partners (by name or code) in whose disputes this mediator is partial (利益冲突), `capacity` how many
    disputes at a time are enough.
    """

    code: DepartmentCode
    name: str = Field(min_length=1)
    tier: TierName
    department: DepartmentCode
    areas: tuple[AreaCode, ...] = ()
    specialities: tuple[CategoryGlob, ...] = ()
    interests: tuple[str, ...] = ()
    capacity: int = Field(default=10, ge=1, le=1_000)
    active: bool = True

    def knows(self, category: str) -> bool:
        """Say whether the category is one of the specialities."""
        return any(fnmatchcase(category, glob) for glob in self.specialities)

    def nearness(self, township: str | None, community: str | None) -> int | None:
        """Return 0 for the own community, 1 for the township, 2 for the whole district, None where it does not serve.

        What serves an area serves all that lies in it; a matter whose place is not known so well is served by those
        whose area it may lie in.
        """
        if not self.areas:
            return 2
        place = community or township
        if place is None:
            return None
        if community is not None and community in self.areas:
            return 0
        if township is not None and township in self.areas:
            return 1
        return None


class MediatorIndex:
    """The mediators by code, and those of a tier who serve a place."""

    def __init__(self, mediators: Iterable[Mediator]) -> None:
        self._all = tuple(mediators)

    @cached_property
    def _by_code(self) -> dict[str, Mediator]:
        return {one.code: one for one in self._all}

    @cached_property
    def _by_area(self) -> dict[tuple[TierName, str], list[Mediator]]:
        found: dict[tuple[TierName, str], list[Mediator]] = {}
        for one in self._all:
            for area in one.areas or ("",):
                found.setdefault((one.tier, area), []).append(one)
        return found

    def get(self, code: str) -> Mediator | None:
        """Return the mediator under that code."""
        return self._by_code.get(code)

    def serving(self, tier: TierName, township: str | None, community: str | None) -> Iterator[Mediator]:
        """Yield the active mediators of a tier who serve a place, each once."""
        areas = dict.fromkeys((community or "", township or "", ""))
        found = {one.code: one for area in areas for one in self._by_area.get((tier, area), ())}
        return (one for one in found.values() if one.active)

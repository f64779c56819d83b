"""The wording of a routing rule: when it matches and what it then decides. Matching itself is in rules.py."""

from __future__ import annotations

from pydantic import Field

from shared.contracts.actors import PartnerKind
from shared.contracts.base import PartnerId
from shared.district.areas import GridKind
from shared.district.base import AreaCode, CategoryGlob, Period, Section, Severity, Slug, Weekday
from shared.district.categories import Policy


class When(Section):
    """Conditions that must all hold; an empty one always holds. Inside one condition any entry suffices.

    `areas` are codes of any level and hold for everything below; `keywords` are looked for in the text;
    `hours` and `weekdays` are local to the district.
    """

    categories: tuple[CategoryGlob, ...] = ()
    areas: tuple[AreaCode, ...] = ()
    grid_kind: GridKind | None = None
    partners: tuple[PartnerId, ...] = ()
    partner_kinds: tuple[PartnerKind, ...] = ()
    severity: tuple[Severity, ...] = ()
    keywords: tuple[str, ...] = ()
    hours: tuple[Period, ...] = ()
    weekdays: tuple[Weekday, ...] = ()


class Then(Policy):
    """What a matching rule decides; `joint` summons all departments together at opening."""

    joint: bool = False


class Rule(Section):
    """One routing rule; rules are tried in order and the first that matches is the only one that counts."""

    id: Slug
    note: str | None = Field(default=None, description="why the rule exists, shown by `rules test`")
    when: When = When()
    then: Then

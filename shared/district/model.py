"""The district profile as one value; the only thing a service needs to know about a district.

Built by the loader (from files) or by the store (from the database). Names that services use most are re-exported.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from shared.contracts.base import DistrictCode
from shared.district.agreements import Agreements
from shared.district.areas import Community, Grid, GridKind, Township
from shared.district.base import CategoryKey, Period, Section, Span
from shared.district.categories import (
    AreaOverride,
    Category,
    ClassDefault,
    DistrictPolicy,
    Evidence,
    Policy,
    Priority,
)
from shared.district.governance import Advisories, Closings
from shared.district.mediation import Mediation, Mediator
from shared.district.notices import NoticePolicy, Notify
from shared.district.parties import (
    Contact,
    Department,
    DepartmentKind,
    Duty,
    DutyRole,
    Partner,
    implied_partner,
    with_duty,
)
from shared.district.policies import (
    Audience,
    CalendarConfig,
    Escalation,
    Extensions,
    Holds,
    LabelMaps,
    NearDuplicates,
    Refusals,
    Retention,
    Rung,
    Surge,
    TextClassifier,
    Triage,
    Verification,
)
from shared.district.rulebook import Rule, Then, When
from shared.district.whistle import Place, Quorum, Whistle
from shared.district.work import GridWork

__all__ = [
    "AreaOverride",
    "Audience",
    "CalendarConfig",
    "Category",
    "ClassDefault",
    "Community",
    "Contact",
    "Department",
    "DepartmentKind",
    "DistrictPolicy",
    "Duty",
    "DutyRole",
    "Escalation",
    "Evidence",
    "Grid",
    "GridKind",
    "NearDuplicates",
    "NoticePolicy",
    "Notify",
    "Partner",
    "Period",
    "Place",
    "Policy",
    "Priority",
    "Profile",
    "Quorum",
    "Rule",
    "Rung",
    "Then",
    "Township",
    "When",
    "Whistle",
]


class Profile(Section):
    """Everything configurable about one district (区情档案).

    `version` is 0 until the profile is applied. Every department is a partner under its own code, whether or not
    `partners` says so, and has the default duty roster where it states none. A profile that
    came through the loader has no dangling references.
    """

    code: DistrictCode
    name: str = Field(min_length=1)
    name_en: str | None = None
    timezone: str = "Asia/Shanghai"
    version: int = Field(default=0, ge=0)

    townships: tuple[Township, ...] = ()
    communities: tuple[Community, ...] = ()
    grids: tuple[Grid, ...] = ()
    departments: tuple[Department, ...] = Field(min_length=1)
    default_duty: tuple[Duty, ...] = Field(default=(), description="{code} and {name} stand for the department's")
    partners: tuple[Partner, ...] = ()
    mediators: tuple[Mediator, ...] = ()

    categories: tuple[Category, ...] = ()
    classes: tuple[ClassDefault, ...] = ()
    default: DistrictPolicy
    overrides: tuple[AreaOverride, ...] = ()
    rules: tuple[Rule, ...] = ()
    aliases: dict[str, CategoryKey] = Field(default_factory=dict, description="old code or local name -> category key")
    label_maps: LabelMaps = Field(default_factory=dict)

    calendar: CalendarConfig = CalendarConfig()
    max_backdating: Span = timedelta(hours=48)
    future_tolerance: Span = timedelta(minutes=5)
    near_duplicates: NearDuplicates = NearDuplicates()
    surge: Surge = Surge()
    triage: Triage = Triage()
    classifier: TextClassifier = TextClassifier()
    refusals: Refusals = Refusals()
    verification: Verification = Verification()
    holds: Holds = Holds()
    extensions: Extensions = Extensions()
    agreements: Agreements = Agreements()
    mediation: Mediation = Mediation()
    escalation: Escalation = Escalation()
    whistle: Whistle = Whistle()
    work: GridWork = GridWork()
    advisories: Advisories = Advisories()
    closings: Closings = Closings()
    notify: Notify = Notify()
    retention: Retention = Retention()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"'{name}' is not an IANA time zone, e.g. Asia/Shanghai")
        return name

    @model_validator(mode="after")
    def _departments_speak_and_answer(self) -> Self:
        named = {partner.id for partner in self.partners}
        implied = tuple(implied_partner(one) for one in self.departments if one.code not in named)
        object.__setattr__(self, "partners", self.partners + implied)
        object.__setattr__(self, "departments", tuple(with_duty(one, self.default_duty) for one in self.departments))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.timezone)

    def at_version(self, version: int) -> Profile:
        """Return the same profile under a version number."""
        return self.model_copy(update={"version": version})

    def body(self) -> dict[str, Any]:
        """Return the content as JSON values without the version: what is stored, hashed and compared."""
        return self.model_dump(mode="json", exclude={"version"}, exclude_none=True)

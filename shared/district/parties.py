"""Who acts and who speaks: departments with their duty rosters, and the partners on the bus."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from pydantic import Field

from shared.contracts.actors import PartnerKind
from shared.contracts.base import PartnerId
from shared.contracts.incidents import Datum
from shared.district.base import CommunityCode, DepartmentCode, DottedName, Period, Section, Slug, TownshipCode, Weekday

ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)


class DepartmentKind(StrEnum):
    """What a department is; it also settles what `@township`, `@community`, `@police-station`, `@centre` mean."""

    CENTRE = "centre"
    DEPARTMENT = "department"
    POLICE_STATION = "police_station"
    TOWNSHIP = "township"
    COMMUNITY = "community"
    COMMITTEE = "committee"


class DutyRole(StrEnum):
    """Whom a notice can ask for within a department."""

    DUTY_OFFICER = "duty_officer"
    HEAD = "head"


class Contact(Section):
    """One way to reach somebody: a channel by the name of its folder, and the address that channel understands."""

    channel: Slug
    address: str = Field(min_length=1, max_length=2048)


class Duty(Section):
    """One line of a roster: who answers in that role in those hours, in order of channels to try.

    A period over midnight belongs to the weekday it begins on.
    """

    role: DutyRole
    person: str = Field(min_length=1, description="the name of a function, e.g. 住建局值班员")
    hours: Period = Period(start=0, end=24 * 60)
    weekdays: tuple[Weekday, ...] = Field(default=ALL_WEEK, min_length=1)
    channels: tuple[Contact, ...] = Field(min_length=1)


class Department(Section):
    """A body that gets tasks. `areas` are the townships it serves; none means the whole district."""

    code: DepartmentCode
    name: str = Field(min_length=1)
    name_en: str | None = None
    kind: DepartmentKind
    parent: DepartmentCode | None = None
    areas: tuple[TownshipCode, ...] = ()
    community: CommunityCode | None = Field(default=None, description="for kind community")
    duty: tuple[Duty, ...] = ()
    note: str | None = None


Readable = Literal["cases", "escalations", "notifications"]
"""The topics of a district that a partner may be let read."""


class Partner(Section):
    """A system that publishes on `gw.<d>.in.<id>`.

    Its kind decides which commands it may give (`Command.allowed` in shared.contracts); `commands` adds more.
    `own_limit`: its reports may state a due instant of their own. `timezone` holds for its times without an offset.
    `reads`: what it may read of its district; a camera that only reports needs nothing.
    """

    id: PartnerId
    kind: PartnerKind
    name: str | None = None
    department: DepartmentCode | None = None
    may_report: bool = True
    report_format: Slug = "json"
    datum: Datum = Datum.WGS84
    timezone: str | None = None
    own_limit: bool = False
    label_map: Slug | None = None
    commands: tuple[DottedName, ...] = ()
    reads: tuple[Readable, ...] = get_args(Readable)


PARTNER_KIND_OF = {
    DepartmentKind.CENTRE: PartnerKind.CENTRE,
    DepartmentKind.TOWNSHIP: PartnerKind.TOWNSHIP,
}


def implied_partner(department: Department) -> Partner:
    """Return the partner that a department is under its own code."""
    kind = PARTNER_KIND_OF.get(department.kind, PartnerKind.DEPARTMENT)
    return Partner(id=department.code, kind=kind, name=department.name, department=department.code)


def with_duty(department: Department, template: tuple[Duty, ...]) -> Department:
    """Return the department with a roster: its own, else the template with its code and name filled in."""
    if department.duty or not template:
        return department
    return department.model_copy(update={"duty": tuple(_filled(duty, department) for duty in template)})


def _filled(duty: Duty, department: Department) -> Duty:
    """Return a line of the default roster for one department."""

    def fill(text: str) -> str:
        return text.replace("{code}", department.code).replace("{name}", department.name)

    channels = tuple(one.model_copy(update={"address": fill(one.address)}) for one in duty.channels)
    return duty.model_copy(update={"person": fill(duty.person), "channels": channels})

"""What can be reported, and how it is to be handled: categories, and policies at five levels of precedence.

A policy leaves open what a wider one decides; field by field the first that says something wins:
rule, override by area, category, class default, district default.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.district.base import (
    CategoryGlob,
    CategoryKey,
    ClassKey,
    DepartmentRef,
    Limit,
    Section,
    Severity,
    Slug,
    Stage,
    TownshipCode,
)


class Priority(StrEnum):
    """The order of work in a department's own list; severity is how bad, priority how soon among equals."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Evidence(Section):
    """What a completion must show: so many media of these MIME types (`image/*`)."""

    min_media: int = Field(default=0, ge=0, le=50)
    mime: tuple[str, ...] = ("image/*", "video/*")


class Policy(Section):
    """How to handle a matter; a field left out is decided by the next wider policy."""

    lead: DepartmentRef | None = None
    assists: tuple[DepartmentRef, ...] | None = None
    accept: Limit | None = Field(default=None, description="受理: to accept the task")
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] | None = Field(default=None, description="处置")
    verify: Limit | None = Field(default=None, description="核查: to verify the result")
    severity: Severity | None = None
    priority: Priority | None = None
    evidence: Evidence | None = None
    whistle: bool | None = Field(default=None, description="blow the whistle at opening")
    notice: Slug | None = Field(default=None, description="a notice policy of the notify section")


class DistrictPolicy(Policy):
    """The widest policy: it must decide everything."""

    lead: DepartmentRef
    assists: tuple[DepartmentRef, ...] = ()
    accept: Limit
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    verify: Limit
    severity: Severity = 3
    priority: Priority = Priority.NORMAL
    evidence: Evidence = Evidence()
    whistle: bool = False


class Category(Policy):
    """One kind of matter, e.g. `E06010` 暴露垃圾. `aliases` are other names it is known by.

    `keywords` are no names: words that in a report's text point to it.
    """

    key: CategoryKey
    name: str = Field(min_length=1)
    name_en: str | None = None
    aliases: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`E` event (事项), `P` component (部件), `D` dispute (纠纷), `L` local."""
        return self.key[0]


class ClassDefault(Policy):
    """The policy of a class (大类)."""

    key: ClassKey
    name: str | None = None


class AreaOverride(Policy):
    """Another policy for some categories in some townships."""

    id: Slug
    townships: tuple[TownshipCode, ...] = Field(min_length=1)
    categories: tuple[CategoryGlob, ...] = Field(default=("*",), min_length=1)

"""Source governance (源头治理) in a profile: when an advisory is proposed, which closings the centre looks at."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field, model_validator

from shared.contracts.advisories import AdvisoryKind
from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import LimitUnit
from shared.district.base import CategoryGlob, DepartmentCode, Limit, Section, Slug, Span

SubjectKind = str
AreaKind = Literal["grid", "community", "township", "district"]

_ORGANISATIONS: tuple[SubjectKind, ...] = (
    "company", "site", "estate", "shop", "school", "hospital", "market", "organisation",
    "企业", "工地", "小区", "物业", "商铺", "学校", "医院", "市场", "单位",
)  # fmt: skip


class AdvisoryRule(Section):
    """So many cases of one source within a window are put to an addressee.

    A source is one subject (of the kinds named, all when none is), or one cause: one category in one `area`.
    """

    id: Slug
    by: Literal["subject", "cause"]
    subjects: tuple[SubjectKind, ...] = ()
    categories: tuple[CategoryGlob, ...] = Field(default=("*",), min_length=1)
    area: AreaKind = "community"
    count: int = Field(ge=2, le=1_000)
    window: Span = Field(gt=timedelta(0))
    kind: AdvisoryKind
    addressee: DepartmentCode | None = Field(default=None, description="whoever leads the last case, when left out")
    reply: Limit = _Limit(amount=30, unit=LimitUnit.CALENDAR_DAYS)

    @model_validator(mode="after")
    def _one_kind(self) -> AdvisoryRule:
        if self.by == "cause" and self.subjects:
            raise ValueError("a rule by cause looks at categories and areas; subjects are for rules by subject")
        return self

    def is_about(self, category: str) -> bool:
        """Say whether a category is one that the rule counts."""
        return any(fnmatchcase(category, glob) for glob in self.categories)


class Advisories(Section):
    """When advisories are proposed. The names of subjects of other kinds than `organisations` never leave intake."""

    organisations: tuple[SubjectKind, ...] = _ORGANISATIONS
    rules: tuple[AdvisoryRule, ...] = ()

    def rule(self, id_: str) -> AdvisoryRule | None:
        """Return the rule under that id."""
        return next((one for one in self.rules if one.id == id_), None)


class Closings(Section):
    """Which completions the centre should look at: many by one department at the very end of their limits.

    `count` or more within `window`, each with no more than `share` of its limit left, and more than `times` what the
    department completes so late on a usual day of the last `days`.
    """

    enabled: bool = True
    count: int = Field(default=10, ge=3)
    window: Span = Field(default=timedelta(minutes=30), gt=timedelta(0))
    share: float = Field(default=0.1, gt=0, lt=1)
    times: float = Field(default=3.0, ge=1)
    days: int = Field(default=28, ge=7, le=365)

"""The policies of a district apart from routing: calendar, intake, life of a case, ladder of escalation."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.limits import Limit as _Limit
from shared.contracts.limits import LimitUnit
from shared.district.base import DepartmentCode, Limit, Period, Section, Slug, Span, Weekday


class CalendarConfig(Section):
    """Working time of a district. `holidays: china` takes public holidays and make-up days (调休) from chinesecalendar.

    Local days win over the table, the table over the weekend. `roll_calendar_days` moves the end of a limit in calendar
    days that falls on a day off to the next working day (Civil Code art. 203); off, 24:00 of the last day is the end.
    """

    hours: tuple[Period, ...] = Field(
        default=(Period(start=510, end=720), Period(start=870, end=1080)), min_length=1, description="08:30-12:00, …"
    )
    weekend: tuple[Weekday, ...] = (6, 7)
    holidays: Literal["china", "none"] = "china"
    extra_workdays: tuple[date, ...] = ()
    extra_holidays: tuple[date, ...] = ()
    roll_calendar_days: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> CalendarConfig:
        if any(period.wraps for period in self.hours):
            raise ValueError("working hours may not run over midnight; split them at 24:00")
        if any(one.end > two.start for one, two in zip(self.hours, self.hours[1:], strict=False)):
            raise ValueError("working hours must be in order and may not overlap")
        if len(set(self.weekend)) == 7:  # noqa: PLR2004 - days of a week
            raise ValueError("a week needs a working day")
        if both := sorted(set(self.extra_workdays) & set(self.extra_holidays)):
            raise ValueError(f"{both[0]} is both an extra working day and an extra holiday")
        return self


class InWords(Section):
    """When two reports without a position are one matter: a place that both name (地名), and words said again.

    `similarity` (0 to 1) is the share of one text's beginning that the other says too.
    """

    enabled: bool = False
    window: Span = timedelta(hours=24)
    similarity: float = Field(default=0.45, ge=0, le=1)


class NearDuplicates(Section):
    """When two reports of one category are one matter; `text_similarity` (0 to 1) breaks the tie."""

    enabled: bool = True
    radius_m: float = Field(default=50, gt=0, le=5_000)
    window: Span = timedelta(hours=2)
    text_similarity: float = Field(default=0.4, ge=0, le=1)
    in_words: InWords = InWords()


class OneCause(Section):
    """So many reports of one category within a wider radius: one cause, such as a power cut."""

    enabled: bool = False
    count: int = Field(default=20, ge=2)
    radius_m: float = Field(default=3_000, gt=0, le=20_000)


class Surge(Section):
    """So many reports within a radius and a window are one larger event, whatever they say; or `cause`, of a category.

    Only reports that opened a case count: those merged into one are one matter already. It ends after a window without.
    """

    enabled: bool = False
    count: int = Field(default=10, ge=2)
    radius_m: float = Field(default=300, gt=0, le=20_000)
    window: Span = timedelta(hours=1)
    cause: OneCause = OneCause()


class Triage(Section):
    """The clock of a case without a category (分拣), and who owns it."""

    limit: Limit = _Limit(amount=2, unit=LimitUnit.WORKING_HOURS)
    owner: DepartmentCode = "centre"


class TextClassifier(Section):
    """Categories proposed from the texts of reports without one (see docs/classifier.md).

    At or above `threshold` (a probability) a proposal opens the case; below it a human decides and is shown it.
    """

    enabled: bool = True
    threshold: float = Field(default=0.8, gt=0, le=1)


class Refusals(Section):
    """After `max` returns (退单) nobody may return any more; the centre arbitrates in time, or the whistle blows."""

    max: int = Field(default=2, ge=1, le=20)
    then: Literal["centre", "whistle"] = "centre"
    arbitrate: Limit = _Limit(amount=4, unit=LimitUnit.WORKING_HOURS)


class Verification(Section):
    """Who verifies a resolved case, how long it may take, and whether it then closes by itself."""

    by: Literal["grid", "reporter", "none"] = "grid"
    auto_close: bool = True
    limit: Limit = _Limit(amount=2, unit=LimitUnit.WORKING_DAYS)


class Holds(Section):
    """Stopping a task's clock (挂起). One that nobody approved lasts `max_hold` at most, or it would never end."""

    approval_required: bool = True
    max_holds: int = Field(default=2, ge=0)
    max_hold: Limit = _Limit(amount=10, unit=LimitUnit.WORKING_DAYS)


class Extensions(Section):
    """Lengthening a task's limit (延期) before it has expired."""

    approval_required: bool = True
    max_extensions: int = Field(default=1, ge=0)
    max_extension: Limit = _Limit(amount=5, unit=LimitUnit.WORKING_DAYS)


class Audience(StrEnum):
    """Whom a notice can be meant for; resolved to people by the roster of that moment."""

    DUTY_OFFICER = "duty_officer"
    HEAD = "head"
    CENTRE = "centre"
    CENTRE_DIRECTOR = "centre_director"
    TOWNSHIP = "township"
    GRID_WORKER = "grid_worker"
    REPORTER = "reporter"
    MEDIATOR = "mediator"
    PARTY = "party"


class Rung(Section):
    """One step of the ladder: so long after the breach (at once when left out), that audience, that action."""

    level: int = Field(ge=1, le=3)
    after: Limit | None = None
    audience: tuple[Audience, ...] = Field(min_length=1)
    action: Literal["notify", "whistle"] = "notify"


class Escalation(Section):
    """Warnings at fractions of the limit, then the ladder from the breach on."""

    warn_fractions: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.5, 0.8)
    ladder: tuple[Rung, ...] = Field(
        default=(
            Rung(level=1, audience=(Audience.HEAD,)),
            Rung(level=2, after=_Limit(amount=4, unit=LimitUnit.WORKING_HOURS), audience=(Audience.CENTRE_DIRECTOR,)),
        ),
        min_length=1,
    )

    @model_validator(mode="after")
    def _rises(self) -> Escalation:
        if list(self.warn_fractions) != sorted(set(self.warn_fractions)):
            raise ValueError("warn_fractions must rise")
        levels = [rung.level for rung in self.ladder]
        if levels != sorted(set(levels)):
            raise ValueError("the levels of the ladder must rise, each once")
        return self


class Retention(Section):
    """For how many days what is kept."""

    personal_data_days: int = Field(default=365, ge=1)
    cases_days: int = Field(default=3_650, ge=1)
    notices_days: int = Field(default=730, ge=1)
    identities_days: int = Field(default=90, ge=1, description="ids of reports, for telling duplicates")
    answers_days: int = Field(default=1_095, ge=1, description="masked texts that a human classified, for training")


LabelMap = dict[str, str]
"""Label of a video-AI system -> category key."""

LabelMaps = dict[Slug, LabelMap]

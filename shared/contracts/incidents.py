"""Reports: what partners submit, and what intake makes of it on `gw.<d>.incidents`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.actors import PartnerKind
from shared.contracts.base import CaseId, Contract, Event, Instant, PartnerId


class Datum(StrEnum):
    """The coordinate system a partner measures in; intake turns all of them into WGS-84."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Precision(StrEnum):
    """How the place of a report was found, from best to last resort."""

    GIVEN = "given"
    POLYGON = "polygon"
    COMMUNITY = "community"
    TOWNSHIP = "township"
    DISTRICT = "district"


class Media(Contract):
    """A reference to a picture or film; never fetched inside the pipeline."""

    url: str = Field(max_length=2048)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    mime: str = Field(default="application/octet-stream", max_length=100)
    bytes: int | None = Field(default=None, ge=0)


class Location(Contract):
    """Where, as the partner says it; degrees in the named datum."""

    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    datum: Datum | None = None
    address: str | None = Field(default=None, max_length=500)
    grid: str | None = Field(default=None, max_length=20)


class Reporter(Contract):
    """The person behind a report. Leaves intake only encrypted."""

    name: str | None = Field(default=None, max_length=100)
    phone: str | None = Field(default=None, max_length=40)
    identity_number: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)
    anonymous: bool = False


class Subject(Contract):
    """What a report is about (company, site, landlord, estate), for governance of the source.

    As intake tells it on, `ref` is the same for the same subject, and `name` is empty where it would name a person.
    """

    kind: str = Field(max_length=40)
    name: str = Field(max_length=200)
    ref: str | None = Field(default=None, max_length=32, description="put in by intake")


class Suggestion(Contract):
    """The category that a report's text suggests, and how sure one may be of it (0 to 1).

    `source` is what suggested it: `words@<profile version>`, or `model@<version>` of the district's trained model.
    """

    category: str
    confidence: float = Field(ge=0, le=1)
    source: str


class Report(Contract):
    """Inbound `gridwhistle.report.submit.v1`: `report_id` and one of `text`, `category` are required.

    `due_at` is a limit of the report's own, heeded only from partners whose profile entry says `own_limit`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        json_schema_extra={"anyOf": [{"required": ["text"]}, {"required": ["category"]}]},
    )
    type: ClassVar[str] = "gridwhistle.report.submit.v1"

    report_id: str = Field(min_length=1, max_length=128)
    occurred_at: str | float | None = None
    category: str | None = Field(default=None, max_length=100)
    text: str | None = Field(default=None, max_length=20_000)
    location: Location | None = None
    severity: int | None = Field(default=None, ge=1, le=4)
    reporter: Reporter | None = None
    media: tuple[Media, ...] = Field(default=(), max_length=50)
    parties: tuple[dict[str, Any], ...] = Field(default=(), max_length=5_000)
    people: int | None = Field(default=None, ge=0)
    subject: Subject | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    due_at: str | float | None = None
    batch: CaseId | None = Field(default=None, description="the batch dispute of which this is one household's file")

    @model_validator(mode="after")
    def _says_something(self) -> Report:
        if not (self.text and self.text.strip()) and not self.category:
            message = "a report needs a text or a category"
            raise ValueError(message)
        return self


class ReportFacts(Event):
    """What an accepted and a merged report have in common once intake has normalised them."""

    topic: ClassVar[str] = "incidents"

    partner: PartnerId
    partner_kind: PartnerKind
    report_id: str
    category: str | None = None
    category_claimed: str | None = Field(default=None, description="what the partner called it, where no category is")
    suggested: Suggestion | None = Field(
        default=None, description="by the text, where the partner named no category; sure enough, it is `category` too"
    )
    severity: int | None = None
    text: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    precision: Precision = Precision.DISTRICT
    reporter_ref: str | None = None
    contact: str | None = Field(default=None, description="sealed contact, readable by the notifier only")
    media: tuple[Media, ...] = ()
    people: int | None = None
    subject: Subject | None = None
    profile_version: int
    backdated_from: Instant | None = Field(default=None, description="the claimed instant when it was not believed")


class ReportAccepted(ReportFacts):
    """Emitted by intake once per accepted report that opens a case; the router may assume a fresh case id."""

    type: ClassVar[str] = "gridwhistle.report.accepted.v1"

    first: bool = True
    due_at: Instant | None = Field(default=None, description="the report's own limit, where the profile allows one")
    batch: CaseId | None = Field(default=None, description="the batch dispute under which it asks to be filed")
    surge: CaseId | None = Field(
        default=None, description="the parent case of the surge it was reported in, where intake knew already"
    )
    unmerged_from: CaseId | None = Field(
        default=None, description="the case it had been merged into, where the centre took it out again"
    )


class ReportMerged(ReportFacts):
    """Emitted by intake for a near-duplicate of `case_id`, the first report's case; it gave up `merged_case_id`."""

    type: ClassVar[str] = "gridwhistle.report.merged.v1"

    first: bool = False
    merged_case_id: CaseId
    distance_m: float | None = None
    similarity: float | None = None
    due_at: Instant | None = Field(default=None, description="heeded if the report gets a case of its own after all")


class ReportUnmerged(Event):
    """Emitted by intake when the centre takes a report out of `case_id` again; its own case is `own_case_id`.

    A consumer that counted the report under `case_id` counts it there no more; `report.accepted` opens its own case.
    """

    type: ClassVar[str] = "gridwhistle.report.unmerged.v1"
    topic: ClassVar[str] = "incidents"

    partner: PartnerId
    report_id: str
    reporter_ref: str | None = None
    own_case_id: CaseId
    reason: str
    by: PartnerId


class SurgeKind(StrEnum):
    """What many reports have in common: one place whatever they say, or one cause (category) over a wider area."""

    PLACE = "place"
    CAUSE = "cause"


class SurgeDetected(Event):
    """Emitted by intake once when many reports opened cases at one place or of one cause (群体性事件); opens `case_id`.

    `cases` are its children so far; each hears of it in `surge.joined`. `lon`, `lat` are the middle, in WGS-84.
    """

    type: ClassVar[str] = "gridwhistle.surge.detected.v1"
    topic: ClassVar[str] = "incidents"

    kind: SurgeKind
    category: str
    count: int
    cases: tuple[CaseId, ...]
    lon: float
    lat: float
    radius_m: float
    since: Instant
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    text: str = ""
    profile_version: int


class SurgeJoined(Event):
    """Emitted by intake once for each case that belongs to a surge, at its detection or afterwards: `case_id` is it."""

    type: ClassVar[str] = "gridwhistle.surge.joined.v1"
    topic: ClassVar[str] = "incidents"

    parent: CaseId


class SurgeEnded(Event):
    """Emitted by intake when a whole window has brought no further report; `count` cases belong to the surge."""

    type: ClassVar[str] = "gridwhistle.surge.ended.v1"
    topic: ClassVar[str] = "incidents"

    count: int
    since: Instant

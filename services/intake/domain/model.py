"""What intake remembers of a report, and what a report is on its way to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.intake.domain.nearness import Match, Sighting, own_cell, spot_of
from services.intake.domain.reading import Kind
from services.intake.domain.saying import Saying, name_keys
from shared.classifier.suggester import Suggester
from shared.contracts.incidents import Media, Reporter, Subject, Suggestion
from shared.decision import Companion, Poison, Stored
from shared.district.lookup import Asked, DirectoryIndex, Place
from shared.district.parties import Partner
from shared.district.policies import NearDuplicates, Surge

SKETCH = 120
"""Characters of a text that are compared with others: what happened is said first."""


class Outcome(StrEnum):
    """What became of a report the first time it came; it never changes afterwards."""

    ACCEPTED = "accepted"
    MERGED = "merged"


class ReportState(Stored):
    """A report that was taken in, under `<district>/<partner>/<report id>`.

    `near`, `category`, `lon`, `lat`, `at` and `sketch` are there on accepted reports that others may be merged into
    (`words` in place of `near`, `lon` and `lat` where words name the place); `spot` is the cell in which surges are
    looked for, where the district does;
    `day` counts from 0001-01-01 to when it came, for its removal after the district's retention. `told` is what was
    said of a merged report, without its contact, in case it has to get a case of its own; `apart_from` the case that it
    was taken out of.
    """

    case_id: str
    fingerprint: bytes
    day: int
    outcome: Outcome = Outcome.ACCEPTED
    into: str | None = None
    duplicates: int = 0
    near: int | None = None
    category: str | None = None
    lon: float | None = None
    lat: float | None = None
    at: datetime | None = None
    sketch: str = ""
    words: tuple[int, ...] = ()
    spot: int | None = None
    told: bytes | None = None
    apart_from: str | None = None


def findable(sighting: Sighting | Saying | None, radius_m: float, surge: Surge | None = None) -> dict[str, Any]:
    """Return what of a report's state later reports compare themselves with, and in which cell a surge may be."""
    if sighting is None:
        return {}
    if isinstance(sighting, Saying):
        said = {"category": sighting.category, "at": sighting.at, "sketch": sighting.sketch}
        return {"words": sighting.keys, **said}
    spot = {"spot": spot_of(sighting, surge)} if surge is not None and surge.enabled else {}
    return {
        **spot,
        "near": own_cell(sighting, radius_m),
        "category": sighting.category,
        "lon": sighting.lon,
        "lat": sighting.lat,
        "at": sighting.at,
        "sketch": sighting.sketch,
    }


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a report and when it came; the partner is told by the topic, never by the report."""

    index: DirectoryIndex
    partner: Partner
    received: datetime
    suggester: Suggester | None = None

    @property
    def district(self) -> str:
        """The code of the district whose profile holds."""
        return self.index.profile.code


@dataclass(frozen=True, slots=True)
class Draft:
    """A report normalised by itself: everything that needs neither other reports nor the map."""

    origin: Origin
    report_id: str
    case_id: str
    fingerprint: bytes
    occurred_at: datetime
    backdated_from: datetime | None
    due_at: datetime | None
    category: str | None
    category_claimed: str | None
    suggested: Suggestion | None
    severity: int | None
    text: str
    address: str | None
    asked: Asked
    media: tuple[Media, ...]
    people: int | None
    subject: Subject | None
    reporter: Reporter | None
    private: dict[str, Any]
    batch: str | None = None

    @property
    def aggregate(self) -> str:
        """The id under which the report is remembered."""
        return f"{self.origin.district}/{self.origin.partner.id}/{self.report_id}"

    def sighting(self) -> Sighting | Saying | None:
        """Return the report as others may be compared with it.

        None of a household's file in a batch: neighbours with the same dispute are as many cases, not one.
        """
        if self.batch is not None:
            return None
        profile = self.origin.index.profile
        where = (self.asked.lon, self.asked.lat, self.address)
        what = (self.case_id, profile.code, self.category, self.occurred_at, self.text)
        return comparable(what, where, profile.near_duplicates)


def comparable(
    what: tuple[str, str, str | None, datetime, str],
    where: tuple[float | None, float | None, str | None],
    policy: NearDuplicates,
) -> Sighting | Saying | None:
    """Return a report as others may be compared with it; None without category, or without any place.

    `what` is (case id, district, category, when, text), `where` (lon, lat, address).
    """
    case_id, district, category, at, text = what
    lon, lat, address = where
    if category is None or not policy.enabled:
        return None
    if lon is not None and lat is not None:
        return Sighting(case_id, district, category, lon, lat, at, text[:SKETCH])
    keys = name_keys(district, category, f"{address or ''} {text[:SKETCH]}") if policy.in_words.enabled else ()
    return Saying(case_id, district, category, keys, at, text[:SKETCH]) if keys else None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What of a report only some may read: a contact for the notifier, and all of it for the vault.

    `subject` is the one of the report as it may be told, where it is a person.
    """

    reporter_ref: str | None = None
    contact: str | None = None
    vault: Companion | None = None
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A report ready for its decision: located, compared with others, its personal data sealed.

    `surge` is the parent case of a surge known to last where the report lies.
    """

    draft: Draft
    place: Place
    match: Match | None = None
    sealed: Sealed = Sealed()
    surge: str | None = None

    @property
    def case_id(self) -> str:
        """The case the report will be told under if it is new."""
        return self.match.case_id if self.match else self.draft.case_id


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that will not be taken in, and why.

    A report whose id is known goes through the engine all the same, so that one already taken in is recognised even if
    the profile, and with it the verdict, has changed meanwhile.
    """

    poison: Poison
    kind: Kind

"""One report of a partner made into a draft: every topic of normalisation in its own file, put together here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.category import CLAIM_LIMIT, find_category
from services.intake.domain.coordinates import to_wgs84
from services.intake.domain.instants import UnreadableTimeError, believe, parse_instant
from services.intake.domain.masking import names_in, redact
from services.intake.domain.model import Draft, Origin
from services.intake.domain.phone import e164
from services.intake.domain.subjects import is_person, read_subject
from services.intake.domain.suggesting import suggested_category
from services.intake.domain.text import clean_line, clean_text
from services.intake.domain.wording import Invalid
from shared.contracts.ids import case_id
from shared.contracts.incidents import Media, Report, Reporter, Subject, Suggestion
from shared.decision import Rejected
from shared.district.lookup import Asked
from shared.district.parties import Partner

ID_LIMIT = 128
DEGREE_DIGITS = 7
LARGEST_INTEGER = 2**53 - 1
"""Larger numbers are no counts, MongoDB cannot keep them, and JSON readers would round them."""

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def zone_of(origin: Origin) -> tzinfo:
    """Return the zone of times without an offset: the partner's, else the district's."""
    named = origin.partner.timezone
    return ZoneInfo(named) if named else origin.index.profile.zone


def fingerprint(payload: dict[str, Any]) -> bytes:
    """Return the hash of a content: the same whatever the order of its fields; null is the same as left out."""
    return sha256(_CANONICAL.encode(without_nulls(payload)).encode()).digest()


def without_nulls(value: Any) -> Any:
    """Return JSON without the fields that are null."""
    if isinstance(value, dict):
        return {
            name: without_nulls(item) if isinstance(item, dict | list) else item
            for name, item in value.items()
            if item is not None
        }
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def normalise(report: Report, content: bytes, origin: Origin) -> Draft:
    """Return the draft of a report; `content` is the fingerprint of what the partner sent.

    Raises:
        Invalid: `invalid-report`, a line a field.
        Rejected: `unknown-category`, and no text that a human could sort by.
    """
    report_id = clean_id(report)
    occurred_at, claim = _occurred(report, origin)
    case = case_id(origin.district, occurred_at.astimezone(zone_of(origin)), origin.partner.id, report_id)
    reporter = _reporter(report.reporter)
    subject = read_subject(report.subject, origin.index.profile.advisories)
    hidden = subject.name if subject and is_person(subject) else None
    names = names_in(report.reporter.name if report.reporter else None, (*report.parties, {"name": hidden}))
    text = redact(clean_text(report.text), names) if report.text else ""
    category, claimed, suggested = _category(report, text, names, origin)
    asked = asked_of(report, origin.partner)
    return Draft(
        origin=origin,
        report_id=report_id,
        case_id=case,
        fingerprint=content,
        occurred_at=occurred_at,
        backdated_from=claim,
        due_at=_instant(report.due_at, "due_at", origin) if origin.partner.own_limit else None,
        category=category,
        category_claimed=claimed,
        suggested=suggested,
        severity=report.severity,
        text=text,
        address=redact(asked.address, names) if asked.address else None,
        asked=asked,
        media=_media(report.media),
        people=_counted(report.people, "people"),
        subject=subject,
        reporter=reporter,
        private=_private(report, reporter, subject if hidden else None),
        batch=report.batch,
    )


def clean_id(report: Report) -> str:
    """Return the report's id without blanks around it and characters that cannot be seen.

    Raises:
        Invalid: `invalid-report`, nothing is left of it.
    """
    report_id = clean_line(report.report_id, ID_LIMIT)
    if not report_id:
        raise Invalid("invalid-report", ["report_id: has no character that can be seen"])
    return report_id


def _instant(value: str | float | None, field: str, origin: Origin) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        return parse_instant(value, zone_of(origin))
    except UnreadableTimeError as error:
        raise Invalid("invalid-report", [f"{field}: {error}"]) from error


def _occurred(report: Report, origin: Origin) -> tuple[datetime, datetime | None]:
    claim = _instant(report.occurred_at, "occurred_at", origin)
    profile = origin.index.profile
    return believe(claim, origin.received, profile.max_backdating, profile.future_tolerance)


Meant = tuple[str | None, str | None, Suggestion | None]
"""The category's key, what the partner called it where that is none, and what the text suggests."""


def _category(report: Report, text: str, names: Sequence[str], origin: Origin) -> Meant:
    """Return what a report is about; the text is asked only where the partner's word is none that we know."""
    claim = clean_line(report.category, CLAIM_LIMIT) if report.category else ""
    key = find_category(origin.index, claim, origin.partner.label_map) if claim else None
    if key is not None:
        return key, None, None
    claim = redact(claim, names)
    if not text:
        raise Rejected(
            "unknown-category",
            f"District {origin.district} knows no category {claim!r}, and there is no text to go by.",
        )
    return suggested_category(claim, text, origin)


def asked_of(report: Report, partner: Partner) -> Asked:
    """Return what a report says of its place, in WGS-84; the partner's datum holds where the report names none."""
    location = report.location
    if location is None:
        return Asked()
    lon, lat = location.lon, location.lat
    if lon is not None and lat is not None:
        lon, lat = to_wgs84(lon, lat, location.datum or partner.datum)
        lon, lat = round(lon, DEGREE_DIGITS), round(lat, DEGREE_DIGITS)
    else:
        lon = lat = None
    return Asked(location.grid, lon, lat, clean_line(location.address) if location.address else None)


def _line(text: str | None) -> str | None:
    return clean_line(text) or None if text else None


def _reporter(said: Reporter | None) -> Reporter | None:
    """Return the reporter with clean fields; one who wants to stay anonymous keeps only the ways to be reached."""
    if said is None:
        return None
    phone, email = _line(said.phone), _line(said.email)
    named = None if said.anonymous else _line(said.name)
    identity = None if said.anonymous else _line(said.identity_number)
    if not (phone or email or named or identity):
        return None
    return Reporter.model_construct(
        name=named,
        phone=phone and (e164(phone) or phone),
        identity_number=identity and identity.upper(),
        email=email and email.lower(),
        anonymous=said.anonymous,
    )


def _private(report: Report, reporter: Reporter | None, subject: Subject | None) -> dict[str, Any]:
    """Return what the bus does not carry but nobody may lose: the person, the parties, whatever else was said."""
    kept: dict[str, Any] = {}
    if reporter is not None:
        kept["reporter"] = reporter
    if subject is not None:
        kept["subject"] = subject
    if report.parties:
        kept["parties"] = report.parties
    if report.attributes:
        kept["attributes"] = report.attributes
    if report.model_extra:
        kept["more"] = report.model_extra
    return kept


def _counted(number: int | None, field: str) -> int | None:
    if number is not None and number > LARGEST_INTEGER:
        raise Invalid("invalid-report", [f"{field}: is larger than anything that can be counted"])
    return number


def _media(media: tuple[Media, ...]) -> tuple[Media, ...]:
    for number, one in enumerate(media):
        _counted(one.bytes, f"media.{number}.bytes")
    return media

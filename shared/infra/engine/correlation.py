"""What every log line about a case carries: case, event, trace, district. Ids only, and none that a partner made up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from shared.infra.engine.fold import Applied, Rejection
from shared.infra.engine.inbox import Input, Record
from shared.infra.trace_context import parse

_CASE = re.compile(r"([0-9]{6})-[0-9]{6}-[a-z2-7]{8}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DISTRICT = re.compile(r"gw\.([0-9]{6})\.")


def about(source: Input, case: str | None = None) -> dict[str, str]:
    """Return the ids of what an input is about; `case` where the input itself does not say it yet."""
    named = case or getattr(source.event, "case_id", None) or source.aggregate
    return _ids(named, source.cause, source.traceparent, source.record)


def about_refused(rejection: Rejection) -> dict[str, str]:
    """Return the ids of what a refusal is about; of a record that cannot be read, as far as its headers say them."""
    if rejection.source is not None:
        return about(rejection.source)
    return _about_record(rejection.record) if rejection.record is not None else {}


def _about_record(record: Record) -> dict[str, str]:
    told = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    case = told.get("ce_correlationid") or told.get("ce_subject") or ""
    return _ids(case, told.get("ce_id", ""), told.get("ce_traceparent"), record)


def _ids(case: str, event: str, traceparent: str | None, record: Record | None) -> dict[str, str]:
    """Return those ids that we made: a partner may write anything where one is expected.

    An event's is a UUID, the place of a record, or (of a timer) an aggregate and its version.
    """
    ids: dict[str, str] = {}
    found, topic = _CASE.fullmatch(case), _DISTRICT.match(record.topic) if record is not None else None
    district = found or topic
    if found:
        ids["case_id"] = case
    if _UUID.fullmatch(event) or record is None or event.startswith(f"{record.topic}/"):
        ids["event_id"] = event
    if (span := parse(traceparent)) is not None:
        ids["trace_id"] = span.trace
    if district:
        ids["district"] = district.group(1)
    if record is not None:
        ids["record"] = f"{record.topic}/{record.partition}/{record.offset}"
    return ids


def case_of(applied: Applied[Any]) -> str | None:
    """Return the case a decision is about: what came in says so, what is stored, or what is told of it."""
    candidates: Iterable[Any] = (applied.source.event, applied.decision.state, *applied.decision.events[:1])
    return next((found for one in candidates if (found := getattr(one, "case_id", None))), None)

"""What formats have in common: validation of the mapped fields, and tables for flat forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from services.intake.domain.coordinates import straighten
from services.intake.domain.wording import Invalid, wrong_fields
from shared.contracts.incidents import Report

Payload = dict[str, Any]
Table = Mapping[str, Sequence[str]]


def validated(fields: Payload) -> Report:
    """Return the report of fields that have our own names.

    Raises:
        Invalid: `invalid-report`, with a line a field.
    """
    location = fields.get("location")
    if isinstance(location, dict):
        fields = {**fields, "location": straighten(location)}
    try:
        return Report.model_validate(fields)
    except ValidationError as error:
        raise Invalid("invalid-report", wrong_fields(error)) from error


def take(payload: Payload, table: Table) -> Payload:
    """Take from a flat form, for each of our fields, the first of its names that is filled in; empty is left out."""
    found: Payload = {}
    for field, names in table.items():
        filled = (payload[name] for name in names if payload.get(name) not in (None, ""))
        value = next(filled, None)
        if value is not None:
            found[field] = value
    return found


def rest(payload: Payload, *tables: Table) -> Payload:
    """Return what of a form none of the tables names."""
    named = {name for table in tables for names in table.values() for name in names}
    return {name: value for name, value in payload.items() if name not in named}


def as_text(fields: Payload, *names: str) -> None:
    """Write numbers as text where a form's sender left out the quotation marks (order and telephone numbers)."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            fields[name] = str(value)
        elif isinstance(value, float) and value.is_integer():
            fields[name] = str(int(value))

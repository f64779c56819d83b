"""Our own report form, as CONTRACTS describes it; unknown fields are kept."""

from __future__ import annotations

from typing import Any

from services.intake.sources._flat import validated
from shared.contracts.incidents import Report


def parse(payload: dict[str, Any]) -> Report:
    """Return the report.

    Raises:
        Invalid: `invalid-report`, with a line a field.
    """
    return validated(payload)

"""What a notice may say: the facts of an event, cut down to what its audience may see.

A template can only name what is in here for its audience; anything else is an error when it is rendered, so a slip
of the pen in a template cannot tell a stranger more than this table allows.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.contracts.limits import Limit
from shared.district.model import Audience

MAX_SUMMARY = 40
MAX_PLACE = 60
MAX_REASON = 80

_NUMBER = re.compile(r"\d(?:[ -]?[\dXx]){6,}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,100}")
_SHOWN = 2


class Facts(BaseModel):
    """Everything a template could be about. Departments and categories are codes; the renderer names them."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    severity: int = 3
    episode: int = 1
    category: str | None = None
    suggested: str | None = None
    confidence: float | None = None
    place: str = ""
    summary: str = ""
    department: str | None = None
    departments: tuple[str, ...] = ()
    substitute: str | None = None
    substituted: str | None = None
    due_at: datetime | None = None
    fraction: float | None = None
    level: int | None = None
    reason: str | None = None
    count: int | None = None
    allowed: int | None = None
    round: int | None = None
    quorum: int | None = None
    clock: str | None = None
    wanted: str | None = None
    until: datetime | None = None
    limit: Limit | None = None
    outcome: str | None = None
    party: str | None = None
    duty: str | None = None
    amount: str | None = None
    route: str | None = None
    advice: str | None = None
    subject: str | None = None
    before: int | None = None
    after: int | None = None
    merged: bool = False
    apart: bool = False
    report_id: str | None = None
    grids: tuple[str, ...] = ()
    expected: int | None = None
    work: str | None = None
    tier: str | None = None
    mediator: str | None = None
    files: int | None = None
    agreed: int | None = None
    fulfilled: int | None = None
    alert: str | None = None
    said: str | None = None
    said_en: str | None = None
    runbook: str | None = None


_OFFICIAL = frozenset(Facts.model_fields) - {"report_id", "merged", "apart"}
_OFFICIALS = (
    Audience.DUTY_OFFICER,
    Audience.HEAD,
    Audience.CENTRE,
    Audience.CENTRE_DIRECTOR,
    Audience.TOWNSHIP,
    Audience.GRID_WORKER,
)
_PUBLIC = frozenset({"case_id", "episode", "category", "department", "outcome", "merged", "apart", "report_id"})
_VISIBLE = {**dict.fromkeys(_OFFICIALS, _OFFICIAL), Audience.REPORTER: _PUBLIC}
_NEXT_TO_NOTHING = frozenset({"case_id"})


def visible(facts: Facts, audience: Audience) -> dict[str, Any]:
    """Return the facts that the audience may see, absent ones too, so that a template can ask for them."""
    allowed = _VISIBLE.get(audience, _NEXT_TO_NOTHING)
    return {**facts.model_dump(include=set(allowed)), "audience": audience.value}


def mask(text: str) -> str:
    """Return the text on one line, with telephone and identity numbers and e-mail addresses hidden.

    Intake masks them already; this is the second lock, for texts that departments write.
    """
    line = " ".join(text.split())
    line = _MAIL.sub(lambda found: f"{found[0][0]}***", line)
    return _NUMBER.sub(lambda found: f"{found[0][:_SHOWN]}****{found[0][-_SHOWN:]}", line)


def shorten(text: str | None, length: int) -> str:
    """Return the masked text, cut with an ellipsis where it is longer."""
    masked = mask(text or "")
    return masked if len(masked) <= length else masked[: length - 1] + "…"

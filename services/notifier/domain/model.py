"""What the notifier remembers of a case: enough to know whom to tell and what, and no more.

The reporters' sealed contacts are documents of their own (`reporters`), so that a person can be erased in one place.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from shared.decision import Stored

MAX_TOLD = 512
"""Steps a case remembers having told. Far above what one case lives through; a key that was forgotten all the same
still meets its own document in `notices`."""

MAX_WAITING = 64
"""Events that may wait for their case. Escalation says about a dozen of them in the life of an ordinary case."""


class AddressKind(StrEnum):
    """What a channel needs to reach somebody; `any`: it takes whatever there is (a file, a terminal)."""

    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    ANY = "any"


class ReporterView(Stored):
    """One person who reported the matter. `kinds`: how the contact can be used; where it cannot, `reason` says why."""

    ref: str
    kinds: tuple[AddressKind, ...] = ()
    reason: str | None = None


class Owed(Stored):
    """A step the first reporter should have heard before the notifier knew who that is."""

    step: str
    template: str
    asks: str
    episode: int = 1
    department: str | None = None
    outcome: str | None = None
    moot: bool = False


class Waiting(Stored):
    """An event that came before its case, byte for byte."""

    type: str
    data: bytes


class Erasure(Stored):
    """Somebody behind the case was erased: the one named, or everybody who had reported until then."""

    ref: str | None = None
    until: datetime


class CaseView(Stored):
    """One case as the notifier sees it. `place` and `summary` are short and masked; `policy` is its notice policy."""

    district: str
    profile_version: int = 0
    known: bool = False
    episode: int = 1
    severity: int | None = None
    category: str | None = None
    policy: str | None = None
    lead: str | None = None
    place: str = ""
    summary: str = ""
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    reported: bool = False
    reporters: tuple[ReporterView, ...] = ()
    erased: tuple[Erasure, ...] = ()
    owed: tuple[Owed, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    told: tuple[str, ...] = ()
    serial: int = Field(default=0, description="notices queued so far")
    done: tuple[str, ...] = Field(default=(), description="tasks that need nobody's attention any more")
    members: tuple[str, ...] = Field(default=(), description="departments of the team, while there is one")
    closed: bool = False
    outcome: str | None = None
    surge: str | None = None
    expires: datetime | None = None

"""Advisories (司法建议, 检察建议, 公安提示函): what keeps coming back is put to the body that can end its cause.

An advisory is of no single case. Its `case_id` is the number of the file on its source (a subject, or a cause in an
area), the same for life; `episode` counts the advisories of the file. So is that of closings that were flagged: the
file is on the department.
"""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.actors import PartnerKind
from shared.contracts.base import Instant
from shared.contracts.commands import Command
from shared.contracts.escalations import EscalationEvent
from shared.contracts.incidents import Subject
from shared.contracts.limits import Limit

_CENTRE = frozenset({PartnerKind.CENTRE})
_ADDRESSEE = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.POLICE_110, PartnerKind.CENTRE})
_NO_DAY = "-000000-"


def file_number(district: str, source: str) -> str:
    """Return the number of the file on a source: a case number with 000000 for its day, for it is of no day."""
    digest = hashlib.sha256(source.encode()).digest()
    return f"{district}{_NO_DAY}{base64.b32encode(digest[:5]).decode().lower()}"


def is_file(number: str) -> bool:
    """Say whether a number is that of a file and not of a case."""
    return number[6:14] == _NO_DAY


class AdvisoryKind(StrEnum):
    """Who speaks: the court (司法建议), the procuratorate (检察建议), or the police (公安提示函)."""

    JUDICIAL = "judicial"
    PROCURATORIAL = "procuratorial"
    POLICE = "police"


class Effect(StrEnum):
    """What became of the reports: none came any more, fewer, as many, more."""

    STOPPED = "stopped"
    FELL = "fell"
    SAME = "same"
    ROSE = "rose"


class IssueAdvisory(Command):
    """The centre issues a proposed advisory; what it leaves out is as proposed."""

    type: ClassVar[str] = "gridwhistle.advisory.issue.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    kind: AdvisoryKind | None = None
    addressee: str | None = Field(default=None, max_length=40, description="a department of the profile")
    reply_within: Limit | None = None


class DeclineAdvisory(Command):
    """The centre does not issue a proposed advisory."""

    type: ClassVar[str] = "gridwhistle.advisory.decline.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    reason: str = Field(min_length=1, max_length=500)


class ReplyAdvisory(Command):
    """The addressee answers an advisory, or the centre enters an answer on paper; `note` says what is done."""

    type: ClassVar[str] = "gridwhistle.advisory.reply.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _ADDRESSEE

    adopted: bool = True


class AdvisoryEvent(EscalationEvent):
    """A fact about one advisory. `subject` names an organisation; a person is only a reference."""

    rule: str = Field(description="the rule of the profile by which it was proposed")
    kind: AdvisoryKind
    addressee: str
    subject: Subject | None = None
    category: str | None = Field(default=None, description="of a cause: what keeps happening")
    area: str | None = Field(default=None, description="of a cause: the code of the grid, community or township")


class AdvisoryProposed(AdvisoryEvent):
    """Escalation saw `count` cases of one source since `since`; once a source and window. `cases` are the newest."""

    type: ClassVar[str] = "gridwhistle.advisory.proposed.v1"

    count: int
    since: Instant
    cases: tuple[str, ...]
    place: str = Field(default="", description="the name of the area")
    reply_within: Limit
    profile_version: int


class AdvisoryIssued(AdvisoryEvent):
    """A human issued it; the addressee must reply by `reply_by`."""

    type: ClassVar[str] = "gridwhistle.advisory.issued.v1"

    by: str
    reply_by: Instant


class AdvisoryDeclined(AdvisoryEvent):
    """It is not issued: the centre said so, or (`lapsed`) nobody decided while its window lasted."""

    type: ClassVar[str] = "gridwhistle.advisory.declined.v1"

    by: str | None = None
    reason: str | None = None
    lapsed: bool = False


class AdvisoryReplied(AdvisoryEvent):
    """The addressee answered, or the centre entered its answer."""

    type: ClassVar[str] = "gridwhistle.advisory.replied.v1"

    by: str
    adopted: bool
    note: str | None = None


class AdvisoryMeasured(AdvisoryEvent):
    """One window after it was issued: so many cases of the source in the window before and in that after it."""

    type: ClassVar[str] = "gridwhistle.advisory.measured.v1"

    before: int
    after: int
    effect: Effect


class ClosingsFlagged(EscalationEvent):
    """A department completed unusually many tasks at the very end of their limits; once a department and day.

    `count` tasks from `since` to `until`, each with no more than `share` of its limit left, where `usual` are so many
    on a day. It accuses nobody: the centre looks at `cases`, the newest of them.
    """

    type: ClassVar[str] = "gridwhistle.closings.flagged.v1"
    department: str
    count: int
    since: Instant
    until: Instant
    share: float
    usual: float
    cases: tuple[str, ...]
    profile_version: int

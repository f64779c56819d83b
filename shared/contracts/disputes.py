"""What the router says of mediation (矛盾纠纷调解), on `gw.<d>.cases`: tiers, mediators, hearings, batches."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.base import CaseId, Instant
from shared.contracts.cases import CaseEvent
from shared.contracts.limits import Limit


class TierName(StrEnum):
    """The tiers of mediation. The first four are the ladder; into a task force (专班) the centre puts a dispute."""

    COMMUNITY = "community"
    GOLD = "gold"
    LAWYER = "lawyer"
    COURT = "court"
    TASK_FORCE = "task_force"
    BATCH = "batch"


class TierOutcome(StrEnum):
    """How a tier ended. `overtaken`: an agreement made in time in the tier before became known only then.

    `referred`: the centre gave the dispute to a task force. `kept`: the agreement that was broken is kept after all.
    """

    AGREEMENT = "agreement"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    LEFT_FOR_COURT = "left_for_court"
    OVERTAKEN = "overtaken"
    REFERRED = "referred"
    CLOSED = "closed"
    KEPT = "kept"


class TierEvent(CaseEvent):
    """A fact about one tier; `tier_id` = case id `/tier#` n. `owner` is the department that answers for it."""

    tier_id: str
    tier: TierName
    owner: str
    mediator: str | None = Field(default=None, description="the mediator's code in the profile, where there is one")


class TierEntered(TierEvent):
    """A dispute entered a tier, from `occurred_at` on, with the whole file: nothing known of it stays behind.

    Consumers may assume at most one tier of a case at a time. `explanation` says why this mediator was chosen.
    `total` is given with the first tier of an episode: the time that mediation as a whole may take.
    """

    type: ClassVar[str] = "gridwhistle.tier.entered.v1"

    reason: str
    limit: Limit | None = None
    total: Limit | None = None
    co_mediator: str | None = Field(default=None, description="the department that mediates as well (警调对接)")
    members: tuple[str, ...] = Field(default=(), description="the departments of a task force")
    batch: CaseId | None = Field(default=None, description="the parent whose mediation this file shares")
    explanation: tuple[str, ...] = ()


class TierEnded(TierEvent):
    """A tier ended; with `failed` or `expired` the next one is entered in the same decision, where there is one."""

    type: ClassVar[str] = "gridwhistle.tier.ended.v1"

    outcome: TierOutcome
    by: str = Field(description="the partner who recorded it, or `clock`")
    reason: str | None = None
    hearings: int = 0
    consents: tuple[str, ...] = ()


class MediatorAssigned(TierEvent):
    """The centre gave the running tier another mediator; its limit goes on."""

    type: ClassVar[str] = "gridwhistle.mediator.assigned.v1"

    reason: str
    explanation: tuple[str, ...] = ()


class MediationRecorded(TierEvent):
    """A session took place: parties consented, a hearing was held (`hearing` counts them over the dispute)."""

    type: ClassVar[str] = "gridwhistle.mediation.recorded.v1"

    by: str
    consents: tuple[str, ...] = Field(default=(), description="all parties that have consented in this tier")
    hearing: int | None = None
    present: tuple[str, ...] = ()


class MediationExtended(TierEvent):
    """Tier and mediation as a whole may take longer by `limit`: every party consented, which is recorded here."""

    type: ClassVar[str] = "gridwhistle.mediation.extended.v1"

    limit: Limit
    consents: tuple[str, ...]
    reason: str
    by: str
    count: int


class BatchProgressed(CaseEvent):
    """How far the files of a batch dispute are: one count each, told when they have changed, not for every file."""

    type: ClassVar[str] = "gridwhistle.batch.progressed.v1"

    files: int
    expected: int | None = None
    mediating: int = 0
    agreed: int = 0
    fulfilled: int = 0
    court: int = 0
    ended: int = Field(default=0, description="otherwise: judged or withdrawn")
    counted_at: Instant

"""Mediation agreements (调解协议) and what was promised in them: what the router says, on `gw.<d>.cases`.

*Agreed* and *fulfilled* are two things: `agreement.signed` says the one, `agreement.fulfilled` the other, and the case
closes with the other only. Nothing here carries a person or free text: parties are names of the file.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from shared.contracts.base import Contract, Instant
from shared.contracts.cases import CaseEvent
from shared.contracts.limits import Limit
from shared.contracts.money import Amount, Money

MAX_OBLIGATIONS = 60
"""Obligations of one agreement: five years of monthly instalments. Each has a clock in the case's document."""

PartyRef = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,31}[0-9]{0,4}$")]
"""A party by a name of the file (`applicant`, `respondent`, `household-12`), never a person's name or number."""

ObligationId = Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]{6}-[a-z2-7]{8}/obligation#[0-9]{1,4}$")]
"""Case id `/obligation#` n; n counts over the life of the case."""


class Duty(StrEnum):
    """What is promised: money, or something to be done. `visit` is the centre's own follow-up visit (回访)."""

    PAY = "pay"
    REPAIR = "repair"
    APOLOGISE = "apologise"
    MOVE_OUT = "move_out"
    HAND_OVER = "hand_over"
    RESTORE = "restore"
    STOP = "stop"
    OTHER = "other"
    VISIT = "visit"


class ObligationState(StrEnum):
    """How an obligation stands; `void` when it ceased to matter (visit no longer needed, case withdrawn)."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    FULFILLED = "fulfilled"
    SUPERSEDED = "superseded"
    VOID = "void"


class Route(StrEnum):
    """Where a broken agreement goes: enforced by the court (强制执行), or mediated again."""

    ENFORCEMENT = "enforcement"
    MEDIATION = "mediation"


class Confirmation(StrEnum):
    """How far judicial confirmation (司法确认) has come."""

    WANTED = "wanted"
    APPLIED = "applied"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Standing(StrEnum):
    """How a party stands on the defaulter list (失信名单)."""

    LISTED = "listed"
    APPEALED = "appealed"
    DISMISSED = "dismissed"
    CLEARED = "cleared"


class Cleared(StrEnum):
    """Why a party left the list. `fulfilled`: its credit is restored (信用修复)."""

    FULFILLED = "fulfilled"
    APPEAL_UPHELD = "appeal_upheld"
    BREACH_WITHDRAWN = "breach_withdrawn"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"


class Promise(Contract):
    """One obligation as it is agreed: who, what, how much, until the end of which day."""

    party: PartyRef
    what: Duty
    amount: Money | None = Field(default=None, description="of what is to be paid, in yuan")
    due: date

    @field_validator("what")
    @classmethod
    def _of_a_party(cls, what: Duty) -> Duty:
        if what is Duty.VISIT:
            raise ValueError("visits are the centre's own and follow from the profile")
        return what


class AgreementEvent(CaseEvent):
    """A fact about one agreement; `agreement` counts a case's agreements, 1 for the first."""

    agreement: int


class AgreementSigned(AgreementEvent):
    """An agreement was signed: *agreed*, not yet fulfilled. An `obligation.recorded` follows for each obligation."""

    type: ClassVar[str] = "gridwhistle.agreement.signed.v1"

    amends: int | None = None
    parties: tuple[PartyRef, ...]
    obligations: int
    principal: Money | None = None
    owner: str = Field(description="the department that answers for following it up")
    confirm_within: Limit | None = Field(default=None, description="to apply for judicial confirmation, if wanted")


class ObligationRecorded(AgreementEvent):
    """How one obligation stands now: newly agreed, partly paid, fulfilled, or no more.

    Due at the end of the agreed day; `grace` is what is let pass after it before the agreement counts as broken.
    """

    type: ClassVar[str] = "gridwhistle.obligation.recorded.v1"

    obligation_id: ObligationId
    party: PartyRef
    what: Duty
    state: ObligationState
    amount: Money | None = None
    paid: Amount | None = None
    payment: Money | None = Field(default=None, description="what was paid just now")
    payment_id: str | None = None
    due_at: Instant
    grace: Limit | None = None
    remind_at: Instant | None = None
    owner: str
    on_time: bool | None = Field(default=None, description="of what is fulfilled: within grace")


class AgreementFulfilled(AgreementEvent):
    """Everything that was promised is done, as of `occurred_at`; `case.closed` follows."""

    type: ClassVar[str] = "gridwhistle.agreement.fulfilled.v1"

    on_time: bool
    principal: Money | None = None


class AgreementBreached(AgreementEvent):
    """An obligation was not met by its due day and grace; as of that instant."""

    type: ClassVar[str] = "gridwhistle.agreement.breached.v1"

    obligation_id: ObligationId
    party: PartyRef
    what: Duty
    outstanding: Money | None = None
    route: Route
    owner: str


class AgreementBreachWithdrawn(AgreementEvent):
    """The obligation had been met in time, as only now became known."""

    type: ClassVar[str] = "gridwhistle.agreement.breach-withdrawn.v1"

    obligation_id: ObligationId
    party: PartyRef


class AgreementRouted(AgreementEvent):
    """The centre chose where the broken agreement goes."""

    type: ClassVar[str] = "gridwhistle.agreement.routed.v1"

    route: Route
    by: str


class AgreementConfirmed(AgreementEvent):
    """A step of judicial confirmation: applied for, or decided."""

    type: ClassVar[str] = "gridwhistle.agreement.confirmed.v1"

    step: Confirmation


class DefaulterRecorded(CaseEvent):
    """How a party of this case stands on the defaulter list now; `because` when it left it.

    `decide_within` comes with an appeal: the centre's time to decide.
    """

    type: ClassVar[str] = "gridwhistle.defaulter.recorded.v1"

    party: PartyRef
    standing: Standing
    because: Cleared | None = None
    decide_within: Limit | None = None

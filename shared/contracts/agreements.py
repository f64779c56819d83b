"""Mediation agreements (调解协议) and what was promised in them: commands, and what the router says, on `gw.<d>.cases`.

*Agreed* and *fulfilled* are two things: `agreement.signed` says the one, `agreement.fulfilled` the other, and the case
closes with the other only. Nothing here carries a person or free text: parties are names of the file.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator

from shared.contracts.actors import PartnerKind
from shared.contracts.base import Contract, Instant
from shared.contracts.cases import CaseEvent
from shared.contracts.commands import Command
from shared.contracts.limits import Limit
from shared.contracts.money import Amount, Money

_CENTRE = frozenset({PartnerKind.CENTRE})
_MEDIATOR = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.CENTRE})

MAX_OBLIGATIONS = 60
"""Obligations of one agreement: five years of monthly instalments. Each has a clock in the case's document."""

PartyRef = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,31}[0-9]{0,4}$")]
"""A party by a name of the file (`applicant`, `respondent`, `household-12`), never a person's name or number."""

ObligationId = Annotated[str, Field(min_length=1, max_length=60)]
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


# ---- commands


class AgreementCommand(Command):
    """A command on a dispute's agreement, from its mediator's department or the centre."""

    allowed: ClassVar[frozenset[PartnerKind]] = _MEDIATOR


class SignAgreement(AgreementCommand):
    """The parties have signed. The instalments must sum to `principal`; `amends` names the agreement it replaces."""

    type: ClassVar[str] = "gridwhistle.agreement.sign.v1"

    obligations: tuple[Promise, ...] = Field(min_length=1, max_length=MAX_OBLIGATIONS)
    principal: Money | None = Field(default=None, description="required where anything is to be paid")
    amends: int | None = Field(default=None, ge=1)
    confirm: bool = Field(default=False, description="the parties want it confirmed by the court (司法确认)")


class PayAgreement(AgreementCommand):
    """A party has paid on an obligation; the same `payment_id` again changes nothing."""

    type: ClassVar[str] = "gridwhistle.agreement.pay.v1"

    obligation_id: ObligationId
    amount: Money
    payment_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class PerformAgreement(AgreementCommand):
    """What was promised other than money has been done; also: the follow-up visit has been made."""

    type: ClassVar[str] = "gridwhistle.agreement.perform.v1"

    obligation_id: ObligationId


class ConfirmAgreement(AgreementCommand):
    """The parties have applied to the court for confirmation, or the court has decided."""

    type: ClassVar[str] = "gridwhistle.agreement.confirm.v1"

    step: Confirmation

    @field_validator("step")
    @classmethod
    def _is_a_step(cls, step: Confirmation) -> Confirmation:
        if step is Confirmation.WANTED:
            raise ValueError("that it is wanted is said when the agreement is signed")
        return step


class RouteAgreement(AgreementCommand):
    """The centre chooses where a broken agreement goes."""

    type: ClassVar[str] = "gridwhistle.agreement.route.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    route: Route


class DefaulterCommand(Command):
    """A command on the defaulter list. It takes no free text and keeps no field we do not know: no name gets in."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    party: PartyRef

    @field_validator("note")
    @classmethod
    def _no_free_text(cls, note: str | None) -> None:
        if note is not None:
            raise ValueError("the defaulter list takes no free text; who is meant is said by `party`")


class EnterDefaulter(DefaulterCommand):
    """The centre enters a party that has broken its agreement (列入失信名单)."""

    type: ClassVar[str] = "gridwhistle.defaulter.enter.v1"


class AppealDefaulter(DefaulterCommand):
    """A listed party objects (异议)."""

    type: ClassVar[str] = "gridwhistle.defaulter.appeal.v1"


class DecideDefaulter(DefaulterCommand):
    """The centre decides on the appeal; upheld, the party leaves the list."""

    type: ClassVar[str] = "gridwhistle.defaulter.decide.v1"

    upheld: bool


# ---- events


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

"""Commands about mediation agreements (调解协议): signed, paid on, performed, confirmed, broken; the defaulter list.

Nothing here carries a person: parties are names of the file.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field, field_validator

from shared.contracts.actors import PartnerKind
from shared.contracts.agreements import MAX_OBLIGATIONS, Confirmation, ObligationId, PartyRef, Promise, Route
from shared.contracts.commands import Command
from shared.contracts.money import Money

_CENTRE = frozenset({PartnerKind.CENTRE})
_MEDIATOR = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.CENTRE})


class AgreementCommand(Command):
    """A command on a dispute's agreement, from its mediator's department or the centre."""

    allowed: ClassVar[frozenset[PartnerKind]] = _MEDIATOR


class SignAgreement(AgreementCommand):
    """The parties have signed. The instalments must sum to `principal`; `amends` names the agreement it replaces."""

    type: ClassVar[str] = "gridwhistle.agreement.sign.v1"

    obligations: tuple[Promise, ...] = Field(min_length=1, max_length=MAX_OBLIGATIONS)
    principal: Money | None = Field(default=None, description="required where anything is to be paid")
    amends: int | None = Field(default=None, ge=1)
    tier_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{6}-[0-9]{6}-[a-z2-7]{8}/tier#[0-9]{1,4}$",
        description="the tier it was made in, where the dispute has climbed since",
    )
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

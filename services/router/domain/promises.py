"""What the parties of a dispute promised: agreements, obligations, payments, and who is on the defaulter list.

Lives here: the shape of what is stored. Must not live here: any rule. Money is whole fen (分).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.contracts.agreements import Cleared, Confirmation, Duty, ObligationState, Route, Standing
from shared.decision import Stored

UNMET = frozenset({ObligationState.OPEN, ObligationState.PARTLY_PAID})
"""What is still owed."""

CENTRE = "centre"
"""Who owes the follow-up visits."""


class AgreementState(StrEnum):
    """Where an agreement stands; it is broken for as long as an obligation that was not met in time is still owed."""

    IN_FORCE = "in_force"
    BREACHED = "breached"
    FULFILLED = "fulfilled"
    SUPERSEDED = "superseded"
    VOID = "void"


BINDING = frozenset({AgreementState.IN_FORCE, AgreementState.BREACHED})


class Payment(Stored):
    """Money that came in: `at` is when it was paid."""

    id: str
    fen: int
    at: datetime


class Obligation(Stored):
    """One thing promised. Due at `due_at`, broken after `breach_at`.

    `breached` says that it was told broken and that that stands; late fulfilment does not undo it.
    """

    number: int
    agreement: int
    party: str
    what: Duty
    fen: int = 0
    due_at: datetime
    breach_at: datetime
    remind_at: datetime | None = None
    state: ObligationState = ObligationState.OPEN
    payments: tuple[Payment, ...] = ()
    breached: bool = False
    fulfilled_at: datetime | None = None

    @property
    def paid(self) -> int:
        """What has been paid on it."""
        return sum(one.fen for one in self.payments)

    @property
    def owed(self) -> int:
        """What is still to be paid."""
        return self.fen - self.paid

    @property
    def unmet(self) -> bool:
        """Whether it is still owed."""
        return self.state in UNMET

    @property
    def in_default(self) -> bool:
        """Whether it is owed although its time and grace have passed."""
        return self.breached and self.unmet

    def changed(self, **update: Any) -> Obligation:
        """Return the obligation with other values."""
        return self.model_copy(update=update)


class Agreement(Stored):
    """One agreement; `superseded_at` is when the amended one was signed that replaced it."""

    number: int
    state: AgreementState = AgreementState.IN_FORCE
    signed_at: datetime
    principal: int = 0
    amends: int | None = None
    owner: str
    confirmation: Confirmation | None = None
    apply_by: datetime | None = None
    route: Route | None = None
    superseded_at: datetime | None = None
    fulfilled_at: datetime | None = None

    def changed(self, **update: Any) -> Agreement:
        """Return the agreement with other values."""
        return self.model_copy(update=update)


class Listing(Stored):
    """A party's stay on the defaulter list."""

    party: str
    standing: Standing = Standing.LISTED
    entered_at: datetime
    appealed_at: datetime | None = None
    decided_at: datetime | None = None
    left_at: datetime | None = None
    because: Cleared | None = None

    @property
    def on_the_list(self) -> bool:
        """Whether the party is on the list now."""
        return self.standing is not Standing.CLEARED

    def changed(self, **update: Any) -> Listing:
        """Return the stay with other values."""
        return self.model_copy(update=update)


class Promises(Stored):
    """Everything promised in one case, superseded agreements and past stays on the list included."""

    agreements: tuple[Agreement, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    listings: tuple[Listing, ...] = ()

    @property
    def binding(self) -> Agreement | None:
        """The agreement that binds the parties now."""
        return next((one for one in self.agreements if one.state in BINDING), None)

    def of(self, agreement: Agreement) -> tuple[Obligation, ...]:
        """Return the obligations of an agreement."""
        return tuple(one for one in self.obligations if one.agreement == agreement.number)

    def listing(self, party: str) -> Listing | None:
        """Return the stay of a party that is on the list now."""
        return next((one for one in self.listings if one.party == party and one.on_the_list), None)

    def listed(self, district: str) -> str | None:
        """Return the district, where anybody is on its list now; what the list is found by."""
        return district if any(one.on_the_list for one in self.listings) else None

    def in_default(self, party: str) -> bool:
        """Say whether the party owes anything although its time and grace have passed."""
        return any(one.party == party and one.in_default for one in self.obligations)

    def put(self, part: Agreement | Obligation) -> Promises:
        """Return the promises with a new version of an agreement or an obligation, or with one more."""
        if isinstance(part, Agreement):
            return self.model_copy(update={"agreements": _with(self.agreements, part)})
        return self.model_copy(update={"obligations": _with(self.obligations, part)})

    def put_listing(self, listing: Listing) -> Promises:
        """Return the promises with a new version of a party's present stay on the list, or with one more."""
        others = tuple(one for one in self.listings if not (one.party == listing.party and one.on_the_list))
        return self.model_copy(update={"listings": (*others, listing)})


def _with(parts: Iterable[Any], part: Any) -> tuple[Any, ...]:
    parts = tuple(parts)
    if any(one.number == part.number for one in parts):
        return tuple(part if one.number == part.number else one for one in parts)
    return (*parts, part)

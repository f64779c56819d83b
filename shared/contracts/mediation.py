"""Commands of mediation (调解): what mediators and the centre say about a dispute and its tiers.

How they hang together with an agreement: `mediation.record` with outcome `agreement` ends the tier (`tier.ended`) and
the dispute stands as *agreed*; the case stays open until the agreement is fulfilled. `agreement.sign` may come
directly, on a dispute that is still being mediated: it implies that record.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.actors import PartnerKind
from shared.contracts.agreements import PartyRef
from shared.contracts.commands import Command
from shared.contracts.limits import Limit

_CENTRE = frozenset({PartnerKind.CENTRE})
_MEDIATOR = frozenset({PartnerKind.DEPARTMENT, PartnerKind.TOWNSHIP, PartnerKind.CENTRE})


class MediationOutcome(StrEnum):
    """How a mediator says that a tier ended. `withdrawn`: the parties want no mediation any more."""

    AGREEMENT = "agreement"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class MediationCommand(Command):
    """A command on a dispute. `tier_id`, where given, must be the tier that runs: so nothing is said of another one."""

    allowed: ClassVar[frozenset[PartnerKind]] = _MEDIATOR

    tier_id: str | None = Field(default=None, max_length=120)


class RecordMediation(MediationCommand):
    """The tier's mediator (or its co-mediator, or the centre) records a session: consents, a hearing, an outcome.

    `mediator` is the code of who speaks; only the centre may leave it out. An agreement needs the recorded consent of
    at least two parties in the tier. Outcome `withdrawn` with `to_court`: the parties leave for court, at any time.
    """

    type: ClassVar[str] = "gridwhistle.mediation.record.v1"

    mediator: str | None = Field(default=None, max_length=40)
    consent: tuple[PartyRef, ...] = Field(default=(), max_length=50)
    hearing: bool = False
    present: tuple[PartyRef, ...] = Field(default=(), max_length=100)
    outcome: MediationOutcome | None = None
    to_court: bool = False
    reason: str | None = Field(default=None, max_length=500)


class ExtendMediation(MediationCommand):
    """More time for tier and mediation, before both limits have run out, with the consent of every known party."""

    type: ClassVar[str] = "gridwhistle.mediation.extend.v1"

    mediator: str | None = Field(default=None, max_length=40)
    limit: Limit
    consent: tuple[PartyRef, ...] = Field(min_length=1, max_length=50)
    reason: str = Field(min_length=1, max_length=500)


class AssignMediator(MediationCommand):
    """The centre gives the running tier another mediator: the one named, or the next best without the excluded.

    `conflict` says that the present one is partial (回避): it is not chosen again for this dispute.
    """

    type: ClassVar[str] = "gridwhistle.mediation.assign.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    mediator: str | None = Field(default=None, max_length=40)
    conflict: bool = False
    reason: str = Field(min_length=1, max_length=500)


class FormTaskForce(MediationCommand):
    """The centre gives the dispute to a task force (专班) of departments, led by one; it holds hearings."""

    type: ClassVar[str] = "gridwhistle.mediation.task-force.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    lead: str = Field(min_length=1, max_length=40)
    departments: tuple[str, ...] = Field(default=(), max_length=20)
    reason: str = Field(min_length=1, max_length=500)


class OpenBatch(MediationCommand):
    """The centre lets files be opened under a dispute, one a household: reports that name it as their `batch`."""

    type: ClassVar[str] = "gridwhistle.mediation.batch.v1"
    allowed: ClassVar[frozenset[PartnerKind]] = _CENTRE

    expected: int | None = Field(default=None, ge=1, le=100_000, description="how many households there are")

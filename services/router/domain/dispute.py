"""A dispute (矛盾纠纷) inside its case: the tiers it has been in, who mediates, who has consented, where it stands.

The agreement itself, its obligations and their fulfilment are kept beside it. How the two hang together:

- `mediation.record` with outcome `agreement` sets `state` to `agreed`; so does `agreement.sign` on a dispute that is
  still `mediating` or in `court`, through `tiers.agree(change, command, view)`, which says `tier.ended` first;
- an agreed dispute keeps its case open; when the agreement is fulfilled, `disputes.end(change, Outcome.FULFILLED, at,
  view)` closes the case;
- an agreement that is broken goes back to its mediators through `tiers.resume(change, at, reason, view)`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from shared.contracts.cases import Outcome
from shared.contracts.disputes import TierName, TierOutcome
from shared.decision import Stored


def tier_id(case_id: str, number: int) -> str:
    """Return the id of a tier on the bus, which is also that of its clock: case id `/tier#` n."""
    return f"{case_id}/tier#{number}"


class DisputeState(StrEnum):
    """Where a dispute stands. All but `ended` are open; in `court` arbitration or court has it, the last tier."""

    MEDIATING = "mediating"
    COURT = "court"
    AGREED = "agreed"
    ENDED = "ended"


UNDER_WAY = frozenset({DisputeState.MEDIATING, DisputeState.COURT})
"""Somebody is working on it: a tier runs."""


class Tier(Stored):
    """One stay in a tier. `number` counts them over the dispute's life; `due_at` is its limit as the router sees it.

    `owner` is the department that answers for it: the mediator's, or who leads the case where there is no mediator.
    """

    number: int
    name: TierName
    owner: str
    mediator: str | None = None
    co_mediator: str | None = None
    members: tuple[str, ...] = ()
    entered_at: datetime
    due_at: datetime | None = None
    consents: tuple[str, ...] = ()
    ended_at: datetime | None = None
    outcome: TierOutcome | None = None

    def changed(self, **update: Any) -> Tier:
        """Return the tier with other values."""
        return self.model_copy(update=update)


class Dispute(Stored):
    """A dispute under mediation. `parties` are names of the file, never of persons; `excluded` mediators are partial.

    `total_due_at` ends mediation as a whole, `hearings` and `extensions` count over its life. `batch` is the parent of
    a household's file. A parent has `expected` files, `counts` as last told by how they stand; the next count is due at
    `count_at`.
    """

    state: DisputeState = DisputeState.MEDIATING
    tiers: tuple[Tier, ...] = ()
    parties: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    subject: str | None = None
    township: str | None = None
    community: str | None = None
    total_due_at: datetime | None = None
    extensions: int = 0
    hearings: int = 0
    batch: str | None = None
    is_batch: bool = False
    expected: int | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    count_at: datetime | None = None

    @property
    def tier(self) -> Tier:
        """The tier it is in, or was in last."""
        return self.tiers[-1]

    @property
    def open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state is not DisputeState.ENDED

    def standing(self, outcome: Outcome | None, *, open_: bool) -> str:
        """Return how it stands as a batch counts its files: mediating, agreed, court, fulfilled, or ended otherwise."""
        if not open_:
            return "fulfilled" if outcome is Outcome.FULFILLED else "ended"
        return str(self.state)

    def index(self, district: str, outcome: Outcome | None, *, open_: bool) -> dict[str, Any]:
        """Return the fields beside the state by which a mediator's load and the files of a batch are counted."""
        at_work = open_ and self.state in UNDER_WAY and self.tier.mediator is not None
        return {
            "mediator": f"{district}/{self.tier.mediator}" if at_work else None,
            "batch": f"{self.batch}/{self.standing(outcome, open_=open_)}" if self.batch is not None else None,
        }

    def changed(self, **update: Any) -> Dispute:
        """Return the dispute with other values."""
        return self.model_copy(update=update)

    def put(self, tier: Tier, **update: Any) -> Dispute:
        """Return the dispute with a new version of one of its tiers."""
        tiers = tuple(tier if one.number == tier.number else one for one in self.tiers)
        return self.changed(tiers=tiers, **update)

"""A dispute (矛盾纠纷) inside its case: the tiers it has been in, who mediates, who has consented, where it stands.

The agreement itself, its obligations and their fulfilment are kept beside it. How the two hang together:

- `mediation.record` with outcome `agreement` sets `state` to `agreed`; so does `agreement.sign` on a dispute that is
  still `mediating`, through `tiers.agree(change, …)`, which says `tier.ended` first;
- an agreed dispute keeps its case open; when the agreement is fulfilled, `disputes.end(change, Outcome.FULFILLED, …)`
  closes the case;
- an agreement that is broken goes back to the ladder through `tiers.resume(change, …)`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.contracts.disputes import TierName, TierOutcome
from shared.contracts.limits import Limit
from shared.decision import Stored


class DisputeState(StrEnum):
    """Where a dispute stands. All but `ended` are open; in `court` arbitration or court has it, the last tier."""

    MEDIATING = "mediating"
    COURT = "court"
    AGREED = "agreed"
    ENDED = "ended"


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

    `total_due_at` ends mediation as a whole, `hearings` and `extensions` count over its life. `batch` is the parent
    of a household's file; `files` and what follows are the counts last told of a parent.
    """

    state: DisputeState = DisputeState.MEDIATING
    tiers: tuple[Tier, ...]
    parties: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    subject: str | None = None
    township: str | None = None
    community: str | None = None
    total: Limit | None = None
    total_due_at: datetime | None = None
    extensions: int = 0
    hearings: int = 0
    batch: str | None = None
    counts: tuple[int, ...] = ()
    count_at: datetime | None = None

    @property
    def tier(self) -> Tier:
        """The tier it is in, or was in last."""
        return self.tiers[-1]

    @property
    def open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state is not DisputeState.ENDED

    def changed(self, **update: Any) -> Dispute:
        """Return the dispute with other values."""
        return self.model_copy(update=update)

    def put(self, tier: Tier, **update: Any) -> Dispute:
        """Return the dispute with a new version of one of its tiers."""
        tiers = tuple(tier if one.number == tier.number else one for one in self.tiers)
        return self.changed(tiers=tiers, **update)

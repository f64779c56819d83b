"""Finding the open cases in grids that a newer profile has cut into others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.escalation.adapters.indexes import OPEN_GRID
from services.escalation.adapters.policies import Policies
from services.escalation.domain.model import Case
from services.escalation.domain.moves import decide_move
from shared.decision import Decision, Tick
from shared.infra.clock import monotonic
from shared.infra.engine import Engine, Input

PAGE = 200
SETTLED_SECONDS = 900.0
"""So long after a new profile its old grids are looked for all the time: reports that were read under the one before
are opened meanwhile. Every process looks at its start too, so nothing is left behind by one that dies. From then on it
looks once in as long: a case that was closed in an old grid may be opened again, and a report that was read in one
taken out of its case, however late."""


@dataclass(slots=True)
class Moves:
    """Every replica looks; a case is moved once, for its version lets one decision through."""

    engine: Engine[Case]
    policies: Policies
    seen: dict[tuple[str, int], float] = field(default_factory=dict)
    rests: dict[str, float] = field(default_factory=dict)

    async def run(self) -> int:
        """Move what has to be moved; return how many cases were looked at.

        Raises:
            Transient: database or broker are away.
        """
        codes = [code for district in self.policies.cache.districts for code in self._retired(district)]
        if not codes:
            return 0
        ids = await self._lying_in(codes)
        for begin in range(0, len(ids), PAGE):
            inputs = [Input(id_, "", Tick(id_)) for id_ in ids[begin : begin + PAGE]]
            await self.engine.apply(inputs, decide=self._decide)
        return len(ids)

    def _retired(self, district: str) -> list[str]:
        """Return the retired grids of a profile that is new to this process, or was not looked at for long."""
        profile, now = self.policies.cache.get(district).profile, monotonic()
        since = self.seen.setdefault((district, profile.version), now)
        if now - since >= SETTLED_SECONDS and now < self.rests.get(district, 0.0):
            return []
        self.rests[district] = now + SETTLED_SECONDS
        return [grid.code for grid in profile.grids if grid.retired]

    async def _lying_in(self, codes: Sequence[str]) -> list[str]:
        """Return the open cases in these grids, without reading any other."""
        query: dict[str, Any] = {"open": True, "s.grid": {"$in": codes}}
        return [one["_id"] async for one in self.engine.store.collection.find(query, {"_id": 1}, hint=OPEN_GRID)]

    def _decide(self, case: Case | None, tick: Any, now: datetime) -> Decision[Case]:
        return decide_move(case, tick, now, self.policies.newest)

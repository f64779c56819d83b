"""What a re-cut of grids would move, counted in what is open now, for the dry run of `district apply`."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from deploy.cli._console import print_table
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.district.recut import Cut, Recut, recut
from shared.infra.mongo import connected

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Effect:
    """A re-cut, and what of it is open: cases by (old grid, heir), rounds of work still owed by old grid."""

    recut: Recut
    cases: Counter[tuple[str, str]]
    owed: Counter[str]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "grids_before": self.recut.grids_before,
            "grids_after": self.recut.grids_after,
            "open_cases": self.cases.total(),
            "owed_rounds": self.owed.total(),
            "workers_moved": list(self.recut.moved),
            "workers_left": list(self.recut.left),
            "cuts": [{**asdict(cut), **self._of(cut)} for cut in self.recut.cuts],
        }

    def _of(self, cut: Cut) -> dict[str, Any]:
        return {
            "open_cases": {heir: self.cases[cut.grid, heir] for heir in cut.heirs},
            "owed_rounds": self.owed[cut.grid],
        }

    def show(self) -> None:
        """Print it for people."""
        told = self.recut
        rows = [
            (cut.grid, _heirs(self, cut), str(self.owed[cut.grid]), cut.worker or "-", ", ".join(cut.workers) or "-")
            for cut in told.cuts[:_SHOWN]
        ]
        title = (
            f"Re-cut from {told.grids_before} to {told.grids_after} grids: {len(told.cuts)} end, "
            f"{self.cases.total()} open cases move, {self.owed.total()} rounds are no longer owed, "
            f"{len(told.moved)} workers have other grids, {len(told.left)} have none"
        )
        print_table(("grid", "into (open cases)", "owed", "worker", "workers there"), rows, title)


def _heirs(effect: Effect, cut: Cut) -> str:
    return ", ".join(f"{heir} ({effect.cases[cut.grid, heir]})" for heir in cut.heirs)


async def effect_of(before: Profile | None, after: Profile, mongo_url: str) -> Effect | None:
    """Return what would move, None where no grid that is in force ends.

    Raises:
        Transient: the database is away.
    """
    index = DirectoryIndex(after)
    found = recut(before, index) if before is not None else None
    if found is None or not found.cuts:
        return None
    with connected(mongo_url) as client:
        codes = [cut.grid for cut in found.cuts]
        cases = await _cases(client["gw_escalation"], index, codes)
        return Effect(found, cases, await _owed(client["gw_escalation"], after, codes))


async def _cases(database: Any, index: DirectoryIndex, codes: list[str]) -> Counter[tuple[str, str]]:
    """Count the open cases by where each would lie."""
    found: Counter[tuple[str, str]] = Counter()
    query = {"open": True, "district": index.profile.code, "s.grid": {"$in": codes}}
    async for one in database["cases"].find(query, {"s.grid": 1, "s.place": 1}):
        state = one["s"]
        place = state.get("place", {})
        heir = index.grid_by_code(state["grid"], place.get("lon"), place.get("lat"))
        if heir is not None:
            found[state["grid"], heir.code] += 1
    return found


async def _owed(database: Any, after: Profile, codes: list[str]) -> Counter[str]:
    """Count the rounds that have begun, are not judged, and for which nothing has been recorded in an old grid."""
    found: Counter[str] = Counter()
    owed = {one.id: one for one in after.work.obligations}
    old = {grid.code: grid for grid in after.grids if grid.code in codes}
    async for beat in database["beats"].find({"district": after.code}, {"s": 1}):
        state = beat["s"]
        for one in state.get("rounds", ()):
            open_round = not one.get("judged") and one["obligation"] in owed
            for code, grid in old.items():
                here = grid.township == state["township"] and grid.kind in owed[one["obligation"]].grids
                if open_round and here and code not in one.get("done", {}):
                    found[code] += 1
    return found

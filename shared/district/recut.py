"""What a new cut of the grids does (网格调整): which grids end in which others, and whose work that changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile


@dataclass(frozen=True, slots=True)
class Cut:
    """A grid that was in force and ends in `heirs`; `worker` had it, `workers` have the heirs."""

    grid: str
    heirs: tuple[str, ...]
    worker: str | None
    workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recut:
    """All grids that a profile retires. `moved` are workers whose grids are others now, `left` those who have none."""

    cuts: tuple[Cut, ...]
    grids_before: int
    grids_after: int
    moved: tuple[str, ...]
    left: tuple[str, ...]


def recut(before: Profile, after: DirectoryIndex) -> Recut:
    """Return what applying `after` retires of what was in force before."""
    codes = {grid.code for grid in after.profile.grids if grid.retired}
    cuts = tuple(
        _cut(grid.code, grid.worker, after) for grid in before.grids if not grid.retired and grid.code in codes
    )
    old, new = _by_worker(before), _by_worker(after.profile)
    concerned = {cut.worker for cut in cuts if cut.worker} | {one for cut in cuts for one in cut.workers}
    moved = tuple(sorted(one for one in concerned if one in new and old.get(one) != new[one]))
    left = tuple(sorted(one for one in concerned if one not in new))
    return Recut(cuts, _in_force(before), _in_force(after.profile), moved, left)


def _cut(code: str, worker: str | None, after: DirectoryIndex) -> Cut:
    heirs = after.heirs(code)
    workers = {heir.worker: None for heir in heirs if heir.worker}
    return Cut(code, tuple(heir.code for heir in heirs), worker, tuple(workers))


def _by_worker(profile: Profile) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for grid in profile.grids:
        if grid.worker and not grid.retired:
            found.setdefault(grid.worker, set()).add(grid.code)
    return found


def _in_force(profile: Profile) -> int:
    return sum(not grid.retired for grid in profile.grids)

"""A case follows its ground: where its grid was re-cut it lies in an heir, and nothing else of it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.escalation.domain.model import Case
from shared.contracts.moves import CaseMoved
from shared.decision import Decision, Tick, UnknownCase
from shared.district.lookup import DirectoryIndex


def decide_move(
    case: Case | None, tick: Tick, now: datetime, newest: Callable[[str], DirectoryIndex]
) -> Decision[Case]:
    """Move an open case into the heir that its position lies in, else into the first; once, whoever asks again.

    Raises:
        UnknownCase: there is no such case.
    """
    if case is None:
        raise UnknownCase(tick.id)
    directory = newest(case.district)
    grid = directory.grid(case.grid) if case.grid else None
    if case.phase.ended or grid is None or not grid.retired:
        return Decision(case, "stays")
    heir = directory.grid_by_code(grid.code, case.place.lon, case.place.lat)
    if heir is None:
        return Decision(case, "stays")
    moved = CaseMoved(
        district=case.district,
        case_id=case.case_id,
        episode=case.episode,
        occurred_at=now,
        recorded_at=now,
        from_grid=grid.code,
        grid=heir.code,
        community=heir.community,
        township=heir.township,
        from_township=case.township,
        profile_version=directory.profile.version,
    )
    lies: dict[str, Any] = {"grid": heir.code, "community": heir.community, "township": heir.township}
    lies["ground"] = directory.profile.version
    return Decision(case.model_copy(update=lies), "moved", (moved,))

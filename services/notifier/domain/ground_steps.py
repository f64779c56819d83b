"""What the ground gives to tell: what grid workers missed in a township, and that a case lies in another grid now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.contracts.base import Event
from shared.contracts.moves import CaseMoved
from shared.contracts.work import WorkMissed


def area_of(event: CaseMoved | WorkMissed) -> dict[str, Any]:
    """Return what a view takes from an event about the ground; a township's work book is known by what it missed."""
    if isinstance(event, WorkMissed):
        return {"known": True, "profile_version": event.profile_version, "township": event.township}
    return {"grid": event.grid, "community": event.community, "township": event.township}


def _missed(draft: Any) -> tuple[Any, ...]:
    """Tell a township all that it missed in a round as one; nothing where everybody missing was on leave."""
    event: WorkMissed = draft.event
    if not event.places:
        return ()
    facts = {"work": event.obligation, "grids": tuple(one.grid for one in event.places), "until": event.ends_at}
    facts |= {"count": len(event.places), "expected": event.expected}
    return (draft.telling(f"work_missed:{event.obligation}:{_stamp(event.starts_at)}", "work_missed", facts),)


def _moved(draft: Any) -> tuple[Any, ...]:
    """Tell whoever works in the new grid, for they verify the case from here on."""
    event: CaseMoved = draft.event
    facts = {"grids": (event.from_grid, event.grid)}
    return (draft.telling(f"moved:{event.grid}", "moved", facts, moot=True),)


def _stamp(instant: datetime) -> str:
    return f"{instant:%y%m%d%H%M%S}"


STEPS: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {
    CaseMoved: _moved,
    WorkMissed: _missed,
}

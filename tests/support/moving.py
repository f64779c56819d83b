"""What stands in for escalation's search for open cases in grids that were cut anew."""

from __future__ import annotations

from services.escalation.domain.model import Case
from services.escalation.domain.moves import decide_move
from shared.decision import Tick
from shared.infra.engine import Engine, Input
from tests.support.editions import Editions
from tests.support.memory import MemoryStore
from tests.support.stand_ins import run


def follow_the_ground(escalation: Engine[Case], times: MemoryStore[Case], editions: Editions) -> int:
    """Let open cases in retired grids be moved, as every replica does beside its work; return how many there were."""
    retired = {one.code for one in editions.newest.profile.grids if one.retired}
    found = [id_ for id_, case in times.states().items() if case.grid in retired and not case.phase.ended]
    ticks = [Input(id_, "", Tick(id_)) for id_ in found]
    if ticks:
        run(escalation.apply(ticks, decide=lambda case, tick, now: decide_move(case, tick, now, editions.current)))
    return len(found)

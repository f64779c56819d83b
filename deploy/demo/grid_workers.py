"""How the simulated grid workers (网格员) verify: they go and look, by day, and now and then it is not solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.chance import dice
from deploy.demo.habits import ZONE
from deploy.demo.say import Say
from deploy.demo.world import World
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import CaseResolved
from shared.contracts.commands import VerifyCase

NOT_SOLVED = 0.04
FORGOTTEN = 0.015
FIRST_HOUR, LAST_HOUR = 7, 22


@dataclass(frozen=True, slots=True)
class GridWorkers:
    """The grid workers of all districts, through the grid app."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield the verification of a resolved case."""
        if not isinstance(event, CaseResolved):
            return
        district = self.world.of(event.case_id)
        app = district.partner(PartnerKind.GRID_APP)
        chance = dice(district.seed, event.case_id, "verify", event.episode)
        if app is None or chance.random() < FORGOTTEN:
            return
        at = awake(event.occurred_at + timedelta(minutes=chance.uniform(12, 75)))
        if event.episode == 1 and chance.random() < NOT_SOLVED:
            yield Say(at, app, VerifyCase, event.case_id, None, {"ok": False, "reason": "现场核查，问题未解决"})
        else:
            yield Say(at, app, VerifyCase, event.case_id, None, {"ok": True})


def awake(at: datetime) -> datetime:
    """Return the instant itself by day, else the next morning."""
    local = at.astimezone(ZONE)
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return at
    morning = local.replace(hour=FIRST_HOUR, minute=at.minute, second=0)
    return morning if local.hour < FIRST_HOUR else morning + timedelta(days=1)

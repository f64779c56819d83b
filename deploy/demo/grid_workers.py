"""How the simulated grid workers (网格员) verify: they go and look, by day, and now and then it is not solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from deploy.demo.chance import dice
from deploy.demo.say import Say
from deploy.demo.world import World, shift
from shared.contracts.actors import PartnerKind
from shared.contracts.base import Event
from shared.contracts.cases import CaseResolved
from shared.contracts.commands import VerifyCase

NOT_SOLVED = 0.04
FORGOTTEN = 0.015


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
        at = shift(event.occurred_at + timedelta(minutes=chance.uniform(12, 75)))
        if event.episode == 1 and chance.random() < NOT_SOLVED:
            yield Say(at, app, VerifyCase, event.case_id, None, {"ok": False, "reason": "现场核查，问题未解决"})
        else:
            yield Say(at, app, VerifyCase, event.case_id, None, {"ok": True})

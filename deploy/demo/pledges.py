"""How agreements are made and kept in the play: signed soon after the parties agree, some paid on the spot, most later.

So at midnight more is agreed than fulfilled, and only what is fulfilled is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes
from typing import Any

from deploy.demo.chance import dice
from deploy.demo.habits import ZONE
from deploy.demo.say import Say
from deploy.demo.world import World, shift
from deploy.partner.messages import Data
from shared.contracts.agreeing import PayAgreement, PerformAgreement, SignAgreement
from shared.contracts.agreements import Duty, ObligationRecorded, ObligationState
from shared.contracts.base import Event
from shared.contracts.disputes import TierEnded, TierOutcome

KINDS = {"on_the_spot": 45.0, "instalments": 35.0, "deed": 20.0}
CONFIRMED = 0.3
"""The share of agreements that the parties want confirmed by the court."""

KEPT = 0.9
"""The share of what is due on the day of the signature that is kept on it."""

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pledges:
    """Mediators who write agreements down, and record what the parties then pay and do."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield the signature of what was agreed, and what is paid or done on the same day."""
        if isinstance(event, TierEnded) and event.outcome is TierOutcome.AGREEMENT:
            yield self._sign(event)
        elif isinstance(event, ObligationRecorded) and event.state is ObligationState.OPEN:
            yield from self._keep(event)

    def _sign(self, event: TierEnded) -> Say:
        chance = dice(self.world.of(event.case_id).seed, event.tier_id, "sign")
        at = shift(event.occurred_at + timedelta(minutes=chance.uniform(5, 25)))
        promised = _promised(chance, at.astimezone(ZONE))
        sums = [one["amount"] for one in promised if "amount" in one]
        data: Data = {"obligations": promised, "confirm": chance.random() < CONFIRMED}
        if sums:
            data["principal"] = sum(sums)
        return Say(at, event.owner, SignAgreement, event.case_id, None, data)

    def _keep(self, event: ObligationRecorded) -> Iterator[Say]:
        chance = dice(self.world.of(event.case_id).seed, event.obligation_id, "keep")
        if event.what is Duty.VISIT or event.due_at - event.occurred_at > SOON or chance.random() > KEPT:
            return
        at = shift(event.occurred_at + timedelta(minutes=chance.uniform(10, 90)))
        data: Data = {"obligation_id": event.obligation_id}
        if event.amount is None:
            yield Say(at, event.owner, PerformAgreement, event.case_id, None, data)
            return
        receipt = f"SK-{event.obligation_id.rpartition('#')[2]}"
        paid = {**data, "amount": str(event.amount), "payment_id": receipt}
        yield Say(at, event.owner, PayAgreement, event.case_id, None, paid)


_DEEDS = ("apologise", "repair")


def _promised(chance: Random, signed: datetime) -> list[dict[str, Any]]:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    yuan = 100 * chance.randrange(2, 200)
    days = {"on_the_spot": [0], "instalments": [0, 30, 60], "deed": [0, 7]}[kind]
    dues = [(signed + timedelta(days=ahead)).date().isoformat() for ahead in days]
    if kind == "deed":
        return [{"party": "respondent", "what": what, "due": due} for what, due in zip(_DEEDS, dues, strict=True)]
    return [{"party": "respondent", "what": "pay", "amount": yuan, "due": due} for due in dues]

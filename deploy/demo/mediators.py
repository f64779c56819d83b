"""How the simulated mediators (调解员) work: they hear both sides; most agree the same day, a few go to court."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.chance import dice
from deploy.demo.households import FORCE
from deploy.demo.say import Say
from deploy.demo.world import World, shift
from deploy.partner.messages import Data
from shared.contracts.base import Event
from shared.contracts.disputes import TierEntered, TierName
from shared.contracts.mediation import RecordMediation

ENDINGS = {"agreement": 70.0, "failed": 14.0, "court": 4.0, "goes_on": 12.0}
"""Of a hundred tiers on the day they are entered; what goes on has its limit of days."""

PARTIES = ["applicant", "respondent"]
WORDS = {
    "agreement": "双方互谅互让，达成调解协议",
    "failed": "双方分歧较大，本层级调解不成",
    "court": "当事人选择仲裁或诉讼途径",
}


@dataclass(frozen=True, slots=True)
class Mediators:
    """The mediators of all districts, each through the department it speaks for; courts take longer than a day."""

    world: World

    def hear(self, event: Event) -> Iterator[Say]:
        """Yield the sessions of a tier that was entered, and how it ends."""
        if not isinstance(event, TierEntered):
            return
        if event.tier is TierName.BATCH:
            yield self._household(event)
        elif event.tier is not TierName.COURT and event.mediator is not None:
            yield from self._mediate(event)

    def _household(self, event: TierEntered) -> Say:
        """Let a household of a batch agree, in whose turn it is, before the task force of its parent."""
        chance = dice(self.world.of(event.case_id).seed, event.tier_id, "sign")
        at = shift(event.occurred_at + timedelta(minutes=chance.uniform(60, 240)))
        data: Data = {"consent": PARTIES, "outcome": "agreement", "reason": WORDS["agreement"]}
        return Say(at, FORCE[0], RecordMediation, event.case_id, None, data)

    def _mediate(self, event: TierEntered) -> Iterator[Say]:
        chance = dice(self.world.of(event.case_id).seed, event.tier_id, "mediate")
        heard = shift(event.occurred_at + timedelta(minutes=chance.uniform(15, 70)))
        yield self._say(event, heard, {"consent": PARTIES, "hearing": True, "present": PARTIES})
        ending = chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]
        if ending == "goes_on":
            return
        outcome = {"outcome": "withdrawn", "to_court": True} if ending == "court" else {"outcome": ending}
        ended = shift(heard + timedelta(minutes=chance.uniform(30, 200)))
        yield self._say(event, ended, {**outcome, "reason": WORDS[ending]})

    def _say(self, event: TierEntered, at: datetime, data: Data) -> Say:
        said: Data = {"tier_id": event.tier_id, "mediator": event.mediator, **data}
        return Say(at, event.owner, RecordMediation, event.case_id, None, said)

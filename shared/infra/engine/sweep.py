"""What no record brings: aggregates that are due, outboxes left unpublished, parked records that waited in vain.

Any number of replicas may sweep: they claim with leases, and the version guard settles the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic

from shared.decision import S, Tick
from shared.infra.clock import wall_clock
from shared.infra.engine.core import Engine
from shared.infra.engine.fold import Fold
from shared.infra.engine.inbox import Input

PAGE = 200
LEASE = timedelta(seconds=15)
RELAY_AGE = timedelta(seconds=5)
"""An outbox younger than this is most likely being published by whoever saved it."""


# No slots: on Python 3.11 a frozen generic with slots cannot be made as Class[Type](...).
@dataclass(frozen=True)
class Sweeper(Generic[S]):
    """Sweeps one engine's aggregates. Each method works in pages until nothing is left, and returns how many it did."""

    engine: Engine[S]

    async def due(self) -> int:
        """Tick every aggregate that is due, oldest first.

        Raises:
            Transient: database or broker are away; what was claimed comes free when its lease ends.
        """
        done = 0
        while ids := await self._claim():
            await self.engine.apply([Input(id_, "", Tick(id_)) for id_ in ids])
            done += len(ids)
        return done

    async def _claim(self) -> list[str]:
        return await self.engine.store.claim_due(self.engine.clock.now(), wall_clock(), LEASE, PAGE)

    async def relay(self) -> int:
        """Publish outboxes that were saved a while ago and never marked."""
        await self.engine.clearing.clear()
        done = 0
        while found := await self.engine.store.unpublished(wall_clock() - RELAY_AGE, PAGE):
            left = [record for _, _, records in found for record in records]
            await self.engine.publisher.publish(left)
            if self.engine.ledger is not None:
                await self.engine.ledger.note(left)
            await self.engine.store.mark_relayed([(id_, stamp) for id_, stamp, _ in found])
            done += len(found)
        if done:
            self.engine.observer.counted("relayed", done)
        return done

    async def parked(self) -> int:
        """Turn parked records whose case never came into dead letters."""
        done = 0
        while ids := await self.engine.store.expired_parked(wall_clock(), PAGE):
            await self._expire(ids)
            done += len(ids)
        return done

    async def _expire(self, ids: list[str]) -> None:
        engine = self.engine
        slots = await engine.store.load(ids)
        fold = Fold(engine.service, engine.decide, engine.clock, engine.clock.now(), wall_clock())
        for slot in slots.values():
            fold.expire_parked(slot)
        await engine.publisher.publish([item.letter for item in fold.rejections if item.letter is not None])
        for rejection in fold.rejections:
            engine.observer.rejected(rejection)
        changed, stamp = [slot for slot in slots.values() if slot.changed], f"{engine.worker}/parked"
        await engine.store.save(changed, stamp, wall_clock())
        await engine.store.remove_empty([slot.id for slot in changed if slot.state is None], stamp)

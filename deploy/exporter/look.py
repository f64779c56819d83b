"""One look around, again and again: what it finds becomes the metrics, what it cannot find leaves them as they were."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deploy.conservation.ledger import Audit, audit, in_words
from deploy.conservation.sources import read_facts
from deploy.exporter.certificates import expiries
from deploy.exporter.metrics import ExporterMetrics
from shared.contracts.topics import UNLOCATED
from shared.infra.clock import Clock, monotonic, pause, wall_clock
from shared.infra.connections import ConnectionSettings
from shared.infra.log import get_logger

LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Lookout:
    """Looks with the operator's rights. `patience`: seconds in which what is on its way may arrive."""

    settings: ConnectionSettings
    clock: Clock
    metrics: ExporterMetrics
    patience: float

    async def look(self) -> None:
        """Look at everything once; what fails is a look that did not happen, and the next one may succeed."""
        for part in (self._certificates, self._check):
            try:
                await part()
            except Exception as error:  # noqa: BLE001 - broker or database away, or anything else outside
                get_logger().error("look_failed", part=part.__name__, error=f"{type(error).__name__}: {error}")

    async def _certificates(self) -> None:
        for endpoint, end in await asyncio.to_thread(lambda: list(expiries(self.settings))):
            self.metrics.expiry.labels(endpoint).set(end)

    async def _check(self) -> None:
        found = problems(await self._audited())
        self.metrics.problems.clear()
        for district, number in found.items():
            self.metrics.problems.labels(district).set(number)
        self.metrics.checked_at.set(wall_clock().timestamp())
        get_logger().info("checked", districts=len(found), problems=sum(found.values()))

    async def _audited(self) -> Audit:
        deadline = monotonic() + self.patience
        while True:
            result = audit(await read_facts(self.settings.kafka_bootstrap, self.settings.mongo_url, self.clock))
            if not any(in_words(result)) or monotonic() > deadline:
                return result
            await pause(LOOK_AGAIN_SECONDS)


def problems(result: Audit) -> dict[str, int]:
    """Return how much is wrong in each district, also where it is nothing."""
    districts = {district for district, _, _ in result.rows} | {one.district for one in result.breaks} | {UNLOCATED}
    return {district: len(list(in_words(result.only([district])))) for district in sorted(districts)}

"""Where reports without a district were first found, so that the same report is found in the same place for ever.

The profile of a district may change between a report and its redelivery, or its repetition. Without a pin the second
could open a second case in a neighbouring district.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.model import ReportState
from shared.decision import Companion
from shared.infra.engine import AggregateStore

COLLECTION = "pins"


@dataclass(frozen=True, slots=True)
class Pins:
    """One document a report, `_id` is `<partner>/<report id>`."""

    store: AggregateStore[ReportState]

    async def pin(self, found: Mapping[str, str], now: datetime) -> dict[str, str]:
        """Remember the district of each report that has none yet; return what is remembered of all of them."""
        if not found:
            return {}
        day = now.toordinal()
        documents = ({"_id": id_, "district": district, "day": day} for id_, district in found.items())
        await self.store.save_companions(Companion(COLLECTION, document) for document in documents)
        cursor = self.store.database[COLLECTION].find({"_id": {"$in": list(found)}}, {"district": 1})
        return {document["_id"]: document["district"] async for document in cursor}

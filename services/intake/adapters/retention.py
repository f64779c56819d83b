"""Forgetting: personal data and the ids of reports go when the district's profile says so, in domain time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.intake.adapters.pins import COLLECTION as PINS
from services.intake.domain.desk import Desk
from services.intake.domain.model import ReportState
from services.intake.sealing import COLLECTION as VAULT
from shared.district.model import Profile
from shared.infra.clock import Clock
from shared.infra.engine import AggregateStore
from shared.infra.log import get_logger

Query = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes what has been kept long enough; `desk` gives the newest profiles."""

    store: AggregateStore[ReportState]
    desk: Callable[[], Desk]
    clock: Clock

    async def create_indexes(self) -> None:
        """Create the indexes by which the old is found: it costs by what is removed, not by what is kept."""
        await self.store.collection.create_index("s.day")
        await self.store.database[VAULT].create_index("day")
        await self.store.database[VAULT].create_index("case_id")
        await self.store.database[PINS].create_index("day")

    async def sweep(self) -> int:
        """Remove what is older than each district's retention; return how many documents that were."""
        today, removed = self.clock.now().toordinal(), 0
        for index in self.desk().indexes.values():
            for collection, query in _expired(index.profile, today):
                name = self.store.collection_name if collection is None else collection
                removed += (await self.store.database[name].delete_many(query)).deleted_count
        if removed:
            get_logger().info("retention_removed", documents=removed)
        return removed

    async def erase(self, case_id: str) -> int:
        """Remove the personal data of the report that had this case number, whichever case it was merged into."""
        return (await self.store.database[VAULT].delete_many({"case_id": case_id})).deleted_count


def _expired(profile: Profile, today: int) -> list[tuple[str | None, Query]]:
    """Return (collection, filter) of what a district no longer keeps; None is the collection of the reports."""
    code, kept = profile.code, profile.retention
    identities, personal = {"$lt": today - kept.identities_days}, {"$lt": today - kept.personal_data_days}
    return [
        (None, {"s.day": identities, "_id": {"$regex": f"^{code}/"}, "outbox": {"$exists": False}}),
        (PINS, {"day": identities, "district": code}),
        (VAULT, {"day": personal, "case_id": {"$regex": f"^{code}-"}}),
    ]

"""Forgetting: personal data and the ids of reports go when the district's profile says so, or when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.adapters.pins import COLLECTION as PINS
from services.intake.domain.model import ReportState
from services.intake.metrics import IntakeMetrics
from services.intake.sealing import COLLECTION as VAULT
from shared.contracts.commands import EraseReporter
from shared.district.model import Profile
from shared.infra.clock import Clock
from shared.infra.engine import AggregateStore
from shared.infra.log import get_logger

Query = dict[str, Any]

REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes what has been kept long enough, and what is asked to be removed."""

    store: AggregateStore[ReportState]
    clock: Clock
    metrics: IntakeMetrics

    async def create_indexes(self) -> None:
        """Create the indexes by which the old is found: it costs by what is removed, not by what is kept."""
        await self.store.collection.create_index("s.day")
        await self.store.database[VAULT].create_index("day")
        await self.store.database[VAULT].create_index("case_id")
        await self.store.database[VAULT].create_index("number")
        await self.store.database[PINS].create_index("day")

    async def sweep(self, profiles: Iterable[Profile]) -> int:
        """Remove what is older than each district's retention; return how many documents that were."""
        today, removed = self.clock.now().toordinal(), 0
        for profile in profiles:
            for collection, query in _expired(profile, today):
                gone = (await self.store.database[collection].delete_many(query)).deleted_count
                self.metrics.forgotten.labels(collection).inc(gone)
                removed += gone
        if removed:
            get_logger().info("retention_removed", documents=removed)
        return removed

    async def erase(self, commands: Sequence[EraseReporter]) -> int:
        """Remove from the vault who is behind some cases: everybody, or the one reporter that a command names.

        A report that was merged is found by the case it was merged into as well as by its own number.
        """
        if not commands:
            return 0
        removed = await self.store.database[VAULT].delete_many({"$or": [_of(command) for command in commands]})
        self.metrics.forgotten.labels("erased").inc(removed.deleted_count)
        get_logger().info("reporters_erased", documents=removed.deleted_count)
        return removed.deleted_count


def _of(command: EraseReporter) -> Query:
    case = {"$or": [{"case_id": command.case_id}, {"number": command.case_id}]}
    return case if command.reporter_ref is None else {"_id": command.reporter_ref, **case}


def _expired(profile: Profile, today: int) -> list[tuple[str, Query]]:
    """Return (collection, filter) of what a district no longer keeps."""
    code, kept = profile.code, profile.retention
    identities, personal = {"$lt": today - kept.identities_days}, {"$lt": today - kept.personal_data_days}
    return [
        (REPORTS, {"s.day": identities, "_id": {"$regex": f"^{code}/"}, "outbox": {"$exists": False}}),
        (PINS, {"day": identities, "district": code}),
        (VAULT, {"day": personal, "case_id": {"$regex": f"^{code}-"}}),
    ]

"""What a report that is taken out of a case needs from the database: its person moves to its own case with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from services.intake.domain.model import ReportState
from services.intake.domain.undoing import Undo
from services.intake.sealing import COLLECTION as VAULT
from services.intake.sealing import Sealer, reference
from shared.infra.engine import AggregateStore, Input
from shared.infra.log import get_logger
from shared.infra.vault import SealError


@dataclass(frozen=True, slots=True)
class Separation:
    """Prepares undone merges. Delivered again after a crash it does the same again, until the decision is saved."""

    store: AggregateStore[ReportState]
    sealer: Sealer

    async def prepare(self, source: Input) -> Input:
        """Return the input with the reporter's contact sealed for the report's own case.

        The vault's document then answers to that case alone: erasing the reporters of the case it was wrongly merged
        into must no longer reach this one.

        Raises:
            Transient: the database is away.
        """
        undo: Undo = source.event
        merged = {"_id": undo.aggregate, "s.into": undo.command.case_id}
        found = await self.store.collection.find_one(merged, {"s.case_id": 1})
        if found is None:
            return source
        own, ref = found["s"]["case_id"], reference(undo.aggregate)
        vault = self.store.database[VAULT]
        person: dict[str, Any] | None = await vault.find_one_and_update({"_id": ref}, {"$set": {"case_id": own}})
        if person is None:
            return source
        try:
            contact = self.sealer.again(person["sealed"], ref, own)
        except SealError:
            get_logger().warning("contact_not_moved", case_id=own, district=own[:6])
            return source
        return replace(source, event=replace(undo, contact=contact))

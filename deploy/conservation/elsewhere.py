"""Reading what the other services make of the router's cases: before the cases, so that none is a phantom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from deploy.cli._live import ZONE
from deploy.conservation.across import Across, Parked
from deploy.figures.book import Book
from shared.contracts.advisories import is_file
from shared.infra.clock import Clock, wall_clock
from shared.infra.ledger import COLLECTION, Ledger

WAITING = ("router", "escalation", "notifier")
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


async def read_across(client: Any, clock: Clock) -> Across:
    """Read once.

    Raises:
        pymongo.errors.PyMongoError: the database is away.
    """
    ledger = Ledger(client["gw_router"], clock)
    phases = {
        one["_id"]: one["s"]["phase"]
        async for one in client["gw_escalation"]["cases"].find({"s": {"$exists": True}}, {"s.phase": 1})
        if not is_file(one["_id"])
    }
    since = {one["_id"]: _day(one["first"]) async for one in ledger.database[COLLECTION].aggregate(_FIRST)}
    written: dict[str, str] = {}
    for district in since:
        written |= await _states(ledger, district)
    parked = [one for service in WAITING for one in await _parked(client, service)]
    return Across(wall_clock(), phases, written, since, parked)


_FIRST: list[Mapping[str, Any]] = [{"$group": {"_id": "$d", "first": {"$min": "$at"}}}]


def _day(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


async def _states(ledger: Ledger, district: str) -> dict[str, str]:
    """Return the state of each case by what the router's ledger says of it."""
    book = Book()
    async for entry in ledger.read(district, FOR_EVER):
        if entry.type.startswith("case."):
            book.take(entry)
    return {case.id: case.state for case in book.begun}


async def _parked(client: Any, service: str) -> list[Parked]:
    found = client[f"gw_{service}"]["cases"].find({"parked": {"$exists": True}}, {"parked.until": 1})
    return [
        Parked(service, one["_id"], len(one["parked"]), max(item["until"] for item in one["parked"]))
        async for one in found
        if one["parked"]
    ]

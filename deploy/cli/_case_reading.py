"""One case as its services keep it: read only, from the databases of router, escalation and notifier."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pymongo.errors import ExecutionTimeout

from services.escalation.domain.decide import LEDGER
from services.escalation.domain.ledger import Explained, explain
from services.escalation.domain.model import Case as Timed
from services.escalation.domain.model import Clock
from services.notifier.domain.notice import NoticeState
from services.router.domain.model import Case as Routed
from shared.contracts.base import CaseId
from shared.district.lookup import DirectoryIndex
from shared.infra.directory import DATABASE, ProfileStore
from shared.infra.mongo import as_transient, connect

NOTICES_MS = 10_000
"""Notices have no index by case, for nothing but this command asks that way; it must not keep the database busy."""

_VERSION = re.compile(r"\+\d{6}@(\d+)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What each service knows of a case; None where it does not know it. `notices` is None when there are too many."""

    case_id: CaseId
    routed: Routed | None
    timed: Timed | None
    notices: Sequence[NoticeState] | None

    @property
    def known(self) -> bool:
        """Whether any service knows the case."""
        return self.routed is not None or self.timed is not None


class Archive:
    """The databases, open."""

    def __init__(self, mongo_url: str) -> None:
        self.client = connect(mongo_url)
        self._profiles = ProfileStore(self.client[DATABASE])
        self._directories: dict[int, DirectoryIndex] = {}

    async def see(self, case_id: str) -> Seen:
        """Return what there is about a case.

        Raises:
            Transient: the database is away.
        """
        with as_transient():
            routed = await self._state("gw_router", case_id)
            return Seen(
                case_id,
                None if routed is None else Routed.model_validate(routed),
                await self.timed(case_id),
                await self._notices(case_id),
            )

    async def timed(self, case_id: str) -> Timed | None:
        """Return what escalation knows of a case.

        Raises:
            Transient: the database is away.
        """
        with as_transient():
            found = await self._state("gw_escalation", case_id)
        return None if found is None else Timed.model_validate(found)

    async def _state(self, database: str, case_id: str) -> Mapping[str, Any] | None:
        found = await self.client[database]["cases"].find_one({"_id": case_id}, {"s": 1})
        return (found or {}).get("s")

    async def _notices(self, case_id: str) -> list[NoticeState] | None:
        cursor = self.client["gw_notifier"]["notices"].find({"s.case_id": case_id}, {"s": 1}).max_time_ms(NOTICES_MS)
        try:
            found = [NoticeState.model_validate(one["s"]) async for one in cursor]
        except ExecutionTimeout:
            return None
        return sorted(found, key=lambda one: (one.queued_at, one.serial, one.step))

    async def explain(self, case: Timed) -> list[Explained]:
        """Return every clock the case ever had, computed again, in the order of their starts.

        Raises:
            ProfileMissing: the profile a clock was computed by is not there.
            Transient: the database is away.
        """
        with as_transient():
            kept_apart = self.client["gw_escalation"][LEDGER].find({"case_id": case.case_id})
            old = [Clock.model_validate(one["clock"]) async for one in kept_apart]
        clocks = sorted([*old, *case.clocks], key=lambda clock: (clock.live_from or clock.start.at, clock.key))
        return [explain(clock, await self._directory(case, clock)) for clock in clocks]

    async def _directory(self, case: Timed, clock: Clock) -> DirectoryIndex:
        """Return the profile that the clock's own ledger names."""
        named = _VERSION.search(clock.start.calendar)
        version = int(named[1]) if named else case.profile_version
        if version not in self._directories:
            self._directories[version] = DirectoryIndex(await self._profiles.load(case.district, version))
        return self._directories[version]


@asynccontextmanager
async def archive(mongo_url: str) -> AsyncIterator[Archive]:
    """Open the databases, and let go of them afterwards."""
    opened = Archive(mongo_url)
    try:
        yield opened
    finally:
        opened.client.close()

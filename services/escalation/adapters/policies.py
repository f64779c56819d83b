"""The profiles that decisions need, in memory before they are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.escalation.domain.model import Case
from services.escalation.metrics import EscalationMetrics
from shared.decision import Poison
from shared.district.lookup import DirectoryIndex
from shared.infra.directory import ProfileCache, ProfileMissing
from shared.infra.engine import Input


@dataclass(frozen=True, slots=True)
class Policies:
    """Hands `decide` each profile by district and version; what is missing is fetched before the batch is decided."""

    cache: ProfileCache
    metrics: EscalationMetrics

    async def refresh(self) -> None:
        """Pick up new versions, and start the metrics of new districts at zero."""
        for district in await self.cache.refresh():
            self.metrics.introduce(district)

    async def prepare(self, inputs: Sequence[Input], cases: dict[str, Case | None]) -> None:
        """Fetch the versions that the cases and the events at hand name.

        Raises:
            Transient: the database is away. A version that was never applied is left to `directory_of`.
        """
        for district, version in _named(inputs, cases.values()):
            with suppress(ProfileMissing):
                await self.cache.fetch(district, version)

    def directory_of(self, district: str, version: int) -> DirectoryIndex:
        """Return a profile that `prepare` fetched.

        Raises:
            Poison: there is no such profile, so nothing can be judged by it; a replay can once it is applied.
        """
        try:
            return self.cache.get(district, version)
        except ProfileMissing as missing:
            raise Poison("unknown-district", f"{missing}.".capitalize()) from missing

    def newest(self, district: str) -> DirectoryIndex:
        """Return the newest profile of a district.

        Raises:
            Poison: it has none.
        """
        try:
            return self.cache.get(district)
        except ProfileMissing as missing:
            raise Poison("unknown-district", f"{missing}.".capitalize()) from missing


def _named(inputs: Sequence[Input], cases: Iterable[Case | None]) -> set[tuple[str, int]]:
    known = [case for case in cases if case is not None]
    named = {(case.district, case.profile_version) for case in known}
    named |= {(case.district, case.ground) for case in known if case.ground is not None}
    for source in inputs:
        version = getattr(source.event, "profile_version", None)
        if version is not None:
            named.add((source.event.district, version))
    return named

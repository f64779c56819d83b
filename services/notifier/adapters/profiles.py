"""The profiles a decision needs, fetched before it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState
from shared.decision import Poison
from shared.district.lookup import DirectoryIndex
from shared.infra.directory import ProfileCache, ProfileMissing
from shared.infra.engine import Input


@dataclass(frozen=True, slots=True)
class CachedProfiles:
    """Answers from the cache, and fills it. `on_district` hears of each district that got a new version."""

    cache: ProfileCache
    on_district: Callable[[str], None] = lambda _: None

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return the profile a case is kept under.

        Raises:
            Poison: it was never applied.
        """
        return self._get(district, version)

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest profile of a district.

        Raises:
            Poison: the district has none.
        """
        return self._get(district)

    def _get(self, district: str, version: int | None = None) -> DirectoryIndex:
        try:
            return self.cache.get(district, version)
        except ProfileMissing as missing:
            raise Poison("unknown-district", f"{missing}.".capitalize()) from missing

    async def refresh(self) -> None:
        """Pick up new versions."""
        for district in await self.cache.refresh():
            self.on_district(district)

    async def fetch(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Bring the newest profile of each district into memory, and the versions that are named (0: none).

        A version that is newer than the newest known here is that: what names it must not be told by who worked before.

        Raises:
            Transient: the database is away. What was never applied is left to the decision to refuse.
        """
        for district, version in set(wanted):
            if district not in self.cache.districts:
                await self.refresh()
            if version:
                with suppress(ProfileMissing):
                    if version > self.cache.get(district).profile.version:
                        await self.refresh()
                    await self.cache.fetch(district, version)

    async def for_cases(self, inputs: Sequence[Input], states: dict[str, CaseView | None]) -> None:
        """Fetch what the decisions about these cases need."""
        await self.fetch(
            (source.event.district, version)
            for source in inputs
            for version in (_stated(source.event), _stated(states.get(source.aggregate)))
        )

    async def for_notices(self, inputs: Sequence[Input], states: dict[str, NoticeState | None]) -> None:
        """Fetch what the decisions about these notices need."""
        del inputs
        await self.fetch((state.district, 0) for state in states.values() if state is not None)


def _stated(value: Any) -> int:
    return getattr(value, "profile_version", 0) or 0

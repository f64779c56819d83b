"""The engine of grid workers' recurring work: a beat for every township, and the profiles it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from services.escalation.adapters.policies import Policies
from services.escalation.domain.beat import Beat
from shared.contracts.work import work_id
from shared.decision import Tick
from shared.infra.directory import ProfileMissing
from shared.infra.engine import Engine, Input


@dataclass(slots=True)
class Beats:
    """Makes beats where a new profile asks for work, and tells those there are that they are asked for other work.

    Every replica does: who comes second changes nothing.
    """

    engine: Engine[Beat]
    policies: Policies
    seen: dict[str, int] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Let the townships of districts with a new profile look at what they owe.

        Raises:
            Transient: database or broker are away; to be tried again.
        """
        for district in self.policies.cache.districts:
            profile = self.policies.cache.get(district).profile
            if self.seen.get(district) == profile.version:
                continue
            if profile.work.obligations or district in self.seen:
                ids = [work_id(township.code) for township in profile.townships]
                await self.engine.apply([Input(id_, "", Tick(id_)) for id_ in ids])
            self.seen[district] = profile.version


async def prepare(policies: Policies, inputs: Sequence[Input], beats: dict[str, Beat | None]) -> None:
    """Fetch the versions that open rounds were begun under, and the newest of districts that are new.

    Raises:
        Transient: the database is away.
    """
    named = {(one.district, round_.version) for one in beats.values() if one for round_ in one.rounds}
    new = {source.aggregate[:6] for source in inputs}
    for district, version in sorted(named) + [(district, None) for district in sorted(new)]:
        with suppress(ProfileMissing):
            await policies.cache.fetch(district, version)

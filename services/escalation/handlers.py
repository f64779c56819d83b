"""Which topics escalation reads; everything else is the engines'. What they heed on them, their decisions know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.escalation.domain.beat import Beat
from services.escalation.domain.model import Case
from services.escalation.domain.work import HEEDED as WORK
from shared.contracts.topics import Topic, internal_pattern
from shared.infra.engine import Engine
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.CASES, Topic.COMMANDS)
_WORK = frozenset(("ce_type", name.encode()) for name in WORK)
_COMMANDS = f".{Topic.COMMANDS}"


def subscriptions(
    cases: Engine[Case], beats: Engine[Beat], districts: tuple[str, ...]
) -> list[tuple[str, BatchHandler]]:
    """Return the pattern and its handler: what is said of cases, and what grid workers do again and again.

    The engine of cases passes over the latter, and refuses what nobody can read; the other one sees nothing else.
    """

    async def on_records(records: Sequence[Any]) -> None:
        await cases.handle(records)
        work = [one for one in records if one.topic.endswith(_COMMANDS) and not _WORK.isdisjoint(one.headers)]
        if work:
            await beats.handle(work)

    return [(internal_pattern(TOPICS, districts), on_records)]

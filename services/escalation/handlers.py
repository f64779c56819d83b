"""Which topics escalation reads; everything else is the engine's. What it heeds on them, `decide` knows."""

from __future__ import annotations

from services.escalation.domain.model import Case
from shared.contracts.topics import Topic, internal_pattern
from shared.infra.engine import Engine
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.CASES, Topic.COMMANDS)


def subscriptions(engine: Engine[Case], districts: tuple[str, ...]) -> list[tuple[str, BatchHandler]]:
    """Return the patterns and their handler: what the router says of cases, and commands about the team."""
    return [(internal_pattern(TOPICS, districts), engine.handle)]

"""What the router listens to. The engine reads, decides, saves and publishes; here is only which topics."""

from __future__ import annotations

from shared.contracts.topics import Topic, internal_pattern
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.INCIDENTS, Topic.COMMANDS, Topic.ESCALATIONS)


def subscriptions(handle: BatchHandler, districts: tuple[str, ...]) -> list[tuple[str, BatchHandler]]:
    """Return the one subscription: reports, commands and breaches of the districts, all by the same handler."""
    return [(internal_pattern(TOPICS, districts), handle)]

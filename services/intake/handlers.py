"""Subscriptions of intake: every partner's inbound topic of the districts it serves, and those without a district."""

from __future__ import annotations

from typing import Protocol

from shared.contracts.topics import inbound_pattern
from shared.infra.kafka import BatchHandler
from shared.infra.settings import ServiceSettings


class TakesBatches(Protocol):
    """What the use case looks like from here."""

    @property
    def handle(self) -> BatchHandler:
        """Take a batch of raw records; Transient means: deliver them again."""


def subscriptions(settings: ServiceSettings, intake: TakesBatches) -> list[tuple[str, BatchHandler]]:
    """Return (pattern, handler) of every subscription."""
    return [(inbound_pattern(settings.districts), intake.handle)]

"""The audit looks at everything time must pass for: cases, and townships' rounds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from services.escalation.adapters.audit import Audit
from services.escalation.metrics import EscalationMetrics
from shared.infra.clock import ManualClock
from shared.infra.metrics import EngineMetrics

NOON = datetime(2026, 7, 1, 4, tzinfo=UTC)


class Store:
    """A store whose oldest due moment is given."""

    def __init__(self, due: datetime | None) -> None:
        self.due = due

    async def oldest_due(self) -> datetime | None:
        """Return it."""
        return self.due


@pytest.mark.parametrize(
    ("cases", "rounds", "behind"),
    [(None, None, 0), (NOON, None, 0), (None, NOON - timedelta(hours=1), 3_600), (NOON + timedelta(1), NOON, 0)],
)
def test_a_round_nobody_judges_is_behind_like_a_clock(
    cases: datetime | None, rounds: datetime | None, behind: float
) -> None:
    """Or the switch would stay pressed while nobody is told what was missed."""
    registry = CollectorRegistry()
    metrics = EngineMetrics.create(registry, "escalation"), EscalationMetrics.create(registry)
    audit = Audit(cast("Any", Store(cases)), ManualClock(NOON), *metrics, 60, None, (cast("Any", Store(rounds)),))
    assert asyncio.run(audit.measure()) == behind

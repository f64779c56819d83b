"""A short run of the fault harness: each fault once, over a load whose outcome is known (`make fault` is longer)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fault.harness.run import Plan, run
from tests.fault.harness.table import as_json
from tests.support.stack import free_port_base

pytestmark = [pytest.mark.integration, pytest.mark.kafka]

REPORTS, MINUTES = 1_500, 0.7


async def test_nothing_is_lost_or_doubled_whatever_is_killed_frozen_or_poured_in(tmp_path: Path) -> None:
    """Every report comes to what the same script comes to undisturbed, and nothing stays behind unfinished."""
    told: list[str] = []
    plan = Plan(
        seed=7, reports=REPORTS, minutes=MINUTES, state=tmp_path / "fault", port_base=free_port_base(), short=True
    )
    result = await run(plan, told.append)
    assert not result.proof.findings, json.dumps(as_json(result), indent=1, ensure_ascii=False)
    assert {one.kind for one in result.injections} >= {"point", "broker-killed", "mongo-killed", "poison", "webhook"}
    assert result.proof.facts["acknowledged"] > REPORTS

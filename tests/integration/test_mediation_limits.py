"""Limits of mediation, by router and escalation as processes of their own: a breach in one promotes in the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from deploy.local import LocalStack
from shared.contracts.mediation import RecordMediation
from tests.support.bus import data
from tests.support.desk import Desk, running, short
from tests.support.disputing import HERE, MEDIATED, MEDIATOR

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

DISTRICT = "950122"
QUICK: dict[str, Any] = {
    **MEDIATED,
    "mediation": {
        "categories": ["D*"],
        "tiers": [
            {"name": "community", "limit": "90 clock_minutes"},
            {"name": "gold", "limit": "60 clock_minutes"},
            {"name": "lawyer", "limit": "200 clock_hours"},
            {"name": "court"},
        ],
        "total": "4 clock_hours",
    },
}
"""The clock runs 1,800 times as fast as time: an hour is two seconds."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(infra: LocalStack) -> AsyncIterator[Desk]:
    """Give a router with escalation beside it, in a district of short limits."""
    async with running(infra, DISTRICT, QUICK, ("escalation",)) as made:
        yield made


def ladder(records: list[ConsumerRecord]) -> list[str]:
    """Return the course of a dispute: each tier with why it was entered, and how it ended."""
    told = [(short(one), data(one)) for one in records if short(one).startswith("tier.")]
    return [f"{said['tier']} {said.get('outcome') or 'for ' + said['reason']}" for _, said in told]


async def test_a_dispute_that_nobody_settles_climbs_to_the_court_by_time_alone(desk: Desk) -> None:
    """Each limit that runs out in escalation comes back to the router over the bus; the whole ends at court."""
    case = await desk.report(1, "D0402", **HERE)
    records = await desk.until_said(case, "tier.entered", 4)
    assert ladder(records) == [
        *("community for opened", "community expired", "gold for expired", "gold expired"),
        *("lawyer for expired", "lawyer expired", "court for total_expired"),
    ]
    assert (await desk.state(case))["dispute"]["state"] == "court"
    await desk.say(RecordMediation, case, MEDIATOR, mediator="east-1", outcome="failed")
    assert (await desk.letter(case, "forbidden"))["message"] == "Only court-1 mediates it in tier court."

"""What the exporter shows: that conservation holds, or where not, and when certificates end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from deploy.exporter.certificates import expiries
from deploy.exporter.look import Lookout
from deploy.exporter.metrics import PREFIX, ExporterMetrics
from deploy.local import LocalStack
from deploy.local.secured.certificates import LIFE
from shared.infra.clock import SystemClock, wall_clock
from shared.infra.connections import ConnectionSettings
from shared.infra.mongo import connect

pytestmark = pytest.mark.integration

ASTRAY = "620999"


def settings(stack: LocalStack) -> ConnectionSettings:
    """Return who the operator of a stack is."""
    names = ConnectionSettings.model_fields
    given = {name.removeprefix("GW_").lower(): value for name, value in stack.env.items()}
    return ConnectionSettings.model_validate({name: value for name, value in given.items() if name in names})


async def test_a_case_that_nobody_reported_is_a_problem_until_it_is_gone(infra: LocalStack) -> None:
    """And nothing is said of a look that could not be finished."""
    registry = CollectorRegistry()
    lookout = Lookout(settings(infra), SystemClock(), ExporterMetrics.create(registry), 0)
    client = connect(infra.mongo_url)
    cases = client["gw_router"]["cases"]
    case, long_ago = f"{ASTRAY}-260701-aaaaaaaa", wall_clock() - timedelta(days=30)
    state = {"partner": "grid-app", "report_id": "A-1", "state": "dispatched", "opened_at": long_ago}
    await cases.insert_one({"_id": case, "saved_at": long_ago, "s": state})
    try:
        await lookout.look()
    finally:
        await cases.delete_one({"_id": case})
        client.close()
    assert (problems(registry) or 0) > 0
    first = registry.get_sample_value(f"{PREFIX}_check_timestamp_seconds")
    assert first == pytest.approx(wall_clock().timestamp(), abs=60)
    await lookout.look()
    assert not problems(registry)
    away = Lookout(
        settings(infra).model_copy(update={"kafka_bootstrap": "127.0.0.1:9"}), SystemClock(), lookout.metrics, 0
    )
    after = registry.get_sample_value(f"{PREFIX}_check_timestamp_seconds")
    await away.look()
    assert registry.get_sample_value(f"{PREFIX}_check_timestamp_seconds") == after


def problems(registry: CollectorRegistry) -> float | None:
    """Return what is wrong in the district of this test; nothing is shown where there is nothing."""
    return registry.get_sample_value(f"{PREFIX}_conservation_problems", {"district": ASTRAY})


@pytest.mark.kafka
async def test_certificates_of_broker_database_and_authority_are_seen(secured: LocalStack) -> None:
    """Each with its end, which for those of a local stack is a year and a month away at most."""
    found = dict(expiries(settings(secured)))
    assert {name.partition("/")[0] for name in found} == {"authority", "kafka", "mongo"}
    now = wall_clock()
    for end in found.values():
        assert now.timestamp() < end <= (now + LIFE + timedelta(days=1)).timestamp()

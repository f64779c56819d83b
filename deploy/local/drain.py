"""Before a broker that forgets is stopped: let the services take what it still holds, so that nothing is lost."""

import asyncio
from collections.abc import Sequence

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.component import Component
from deploy.local.report import Report
from shared.infra.clock import monotonic

DRAIN_SECONDS = 15.0
LAG_METRIC = "_consumer_lag_records"
# The services refresh their lag every two seconds; empty is believed when it was seen for longer than that.
CALM_LOOKS = 6
LOOK_SECONDS = 0.5


async def lag(component: Component, client: httpx.AsyncClient) -> float:
    """Return how many records a service has not taken yet; one that does not answer has none to take."""
    try:
        text = (await client.get(f"{component.url}/metrics")).text
    except httpx.HTTPError:
        return 0
    families = [family for family in text_string_to_metric_families(text) if family.name.endswith(LAG_METRIC)]
    return sum(sample.value for family in families for sample in family.samples)


async def drain(services: Sequence[Component], report: Report) -> bool:
    """Wait until no service has anything left to take; return whether that was so before the time was up."""
    if not services:
        return True
    deadline = monotonic() + DRAIN_SECONDS
    calm = 0
    async with httpx.AsyncClient(timeout=LOOK_SECONDS, trust_env=False) as client:
        while calm < CALM_LOOKS and monotonic() < deadline:
            waiting = sum(await asyncio.gather(*(lag(component, client) for component in services)))
            calm = calm + 1 if waiting == 0 else 0
            await asyncio.sleep(LOOK_SECONDS)
    if calm < CALM_LOOKS:
        report("tansu keeps records in memory, and the services did not get through all of them in time")
    return calm >= CALM_LOOKS

"""Whether a district is at rest: what the services have not read of its topics, and which of them run at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from deploy.contracts.flows import FLOWS, INBOUND
from deploy.kafka.positions import EARLIEST, Positions
from shared.contracts.topics import TopicName, parse_topic

SERVICES = tuple(name for name, flow in FLOWS.items() if flow.is_service)


def of_district(topics: Iterable[str], district: str) -> dict[str, TopicName]:
    """Return those of a broker's topics that are a district's, taken apart."""
    return {name: parse_topic(name) for name in topics if name.startswith(f"gw.{district}.")}


async def running(positions: Positions) -> list[str]:
    """Return the services of which any replica is a member of its group, for whatever district."""
    return [service for service in SERVICES if await positions.members(service)]


async def waiting(positions: Positions, district: str) -> dict[str, int]:
    """Return how many records of a district wait for each service that has not read all of its."""
    topics, found = positions.topics(), {}
    for service in SERVICES:
        own = of_district(topics, district).items()
        read = [name for name, one in own if _is_read(one, FLOWS[service].receives)]
        places = [TopicPartition(name, number) for name in read for number in range(topics[name])]
        if number := await _waiting(positions, service, places):
            found[service] = number
    return found


def _is_read(topic: TopicName, kinds: Iterable[str]) -> bool:
    return (INBOUND if topic.partner else f"{topic.suffix}") in kinds


async def _waiting(positions: Positions, group: str, places: Sequence[TopicPartition]) -> int:
    done = await positions.committed(group)
    begins, ends = await positions.ends(places, EARLIEST), await positions.ends(places)
    return sum(max(0, ends[place] - max(done.get(place, 0), begins[place])) for place in places)

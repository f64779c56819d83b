"""Whether a district is at rest: what the services have not read of its topics, and which of them run at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from deploy.contracts.flows import SERVICES, readers
from deploy.kafka.positions import EARLIEST, Positions


def of_district(topics: Iterable[str], district: str) -> list[str]:
    """Return those of a broker's topics that are a district's."""
    return [name for name in topics if name.startswith(f"gw.{district}.")]


async def running(positions: Positions) -> list[str]:
    """Return the services of which any replica is a member of its group, for whatever district."""
    return [service for service in SERVICES if await positions.members(service)]


async def waiting(positions: Positions, district: str) -> dict[str, int]:
    """Return how many records of a district wait for each service that has not read all of its."""
    topics, found = positions.topics(), {}
    for service in SERVICES:
        read = [name for name in of_district(topics, district) if service in readers(name)]
        places = [TopicPartition(name, number) for name in read for number in range(topics[name])]
        if number := await _waiting(positions, service, places):
            found[service] = number
    return found


async def _waiting(positions: Positions, group: str, places: Sequence[TopicPartition]) -> int:
    done = await positions.committed(group)
    begins, ends = await positions.ends(places, EARLIEST), await positions.ends(places)
    return sum(max(0, ends[place] - max(done.get(place, 0), begins[place])) for place in places)

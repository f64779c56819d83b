"""Where partitions begin and end, how far a consumer group has come, and whether anybody is in it.

aiokafka asks for the ends of two hundred partitions for seconds, because it learns of their topics one by one, and
cannot read what a broker says of a group (version 3 of the answer is decoded as version 2). So both are asked here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest_v2
from aiokafka.protocol.api import Request
from aiokafka.protocol.offset import OffsetRequest_v2

from shared.infra.clock import monotonic, pause

LATEST = -1
EARLIEST = -2
_NOBODY = -1
COORDINATOR_SECONDS = 30.0
_NOT_YET = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)

T = TypeVar("T")


class _Offsets(Request[OffsetRequest_v2]):  # type: ignore[misc]
    API_KEY = 2

    def __init__(self, partitions: Iterable[TopicPartition], when: int) -> None:
        by_topic = defaultdict(list)
        for one in partitions:
            by_topic[one.topic].append((one.partition, when))
        self._topics = list(by_topic.items())

    def build(self, request_struct_class: type[OffsetRequest_v2]) -> OffsetRequest_v2:
        return request_struct_class(_NOBODY, 0, self._topics)


class _Groups(Request[DescribeGroupsRequest_v2]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[DescribeGroupsRequest_v2]) -> DescribeGroupsRequest_v2:
        return request_struct_class([self._group])


@dataclass(frozen=True, slots=True)
class Positions:
    """Asks one broker; `leaders` says who answers for each partition."""

    admin: AIOKafkaAdminClient
    leaders: Mapping[TopicPartition, int]

    @classmethod
    async def of(cls, admin: AIOKafkaAdminClient) -> Positions:
        """Learn of every partition that there is.

        Raises:
            KafkaError: the broker does not answer.
        """
        topics = await admin.describe_topics()
        return cls(
            admin,
            {
                TopicPartition(topic["topic"], one["partition"]): one["leader"]
                for topic in topics
                for one in topic["partitions"]
            },
        )

    def only(self, district: str) -> Positions:
        """Return those of a district's topics alone."""
        beginning = f"gw.{district}."
        return Positions(self.admin, {one: at for one, at in self.leaders.items() if one.topic.startswith(beginning)})

    def topics(self) -> dict[str, int]:
        """Return every topic with its number of partitions."""
        counts: dict[str, int] = defaultdict(int)
        for one in self.leaders:
            counts[one.topic] += 1
        return dict(counts)

    async def ends(self, partitions: Iterable[TopicPartition], when: int = LATEST) -> dict[TopicPartition, int]:
        """Return the offset behind the last record of each, or with EARLIEST that of the first.

        Raises:
            KafkaError: a broker does not answer, or does not lead any more.
        """
        by_leader = defaultdict(list)
        for one in partitions:
            by_leader[self.leaders[one]].append(one)
        found: dict[TopicPartition, int] = {}
        for leader, theirs in by_leader.items():
            answer: Any = await self.admin._send_request(_Offsets(theirs, when), leader)  # noqa: SLF001 - as above
            for topic, told in answer.topics:
                for partition, code, _, offset in told:
                    _must_not(code)
                    found[TopicPartition(topic, partition)] = offset
        return found

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group has committed; a partition that it never committed is not in it.

        Raises:
            KafkaError: the broker does not answer.
        """
        found = await self._asking(lambda node: self.admin.list_consumer_group_offsets(group, node), group)
        return {one: told.offset for one, told in found.items() if told.offset >= 0}

    async def members(self, group: str) -> int:
        """Return how many consumers are in a group.

        Raises:
            KafkaError: the broker does not answer.
        """
        return await self._asking(lambda node: self._members(group, node), group)

    async def _members(self, group: str, node: int) -> int:
        answer: Any = await self.admin._send_request(_Groups(group), node)  # noqa: SLF001 - as above
        code, *_, members = answer.groups[0]
        _must_not(code)
        return len(members)

    async def _asking(self, question: Callable[[int], Awaitable[T]], group: str) -> T:
        """Ask who knows the group, again while nobody does: a new broker first makes the topic where groups are kept.

        Raises:
            KafkaError: still nobody knows it.
        """
        deadline = monotonic() + COORDINATOR_SECONDS
        while True:
            try:
                return await question(await self.admin.find_coordinator(group))
            except _NOT_YET:
                if monotonic() > deadline:
                    raise
                await pause(0.2)


def _must_not(code: int) -> None:
    if code:
        error: type[KafkaError] = for_code(code)
        raise error

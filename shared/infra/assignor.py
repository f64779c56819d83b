"""Who reads what: a district's partitions go to the workers that serve only it, and back to the pool when they go.

Members of one group may subscribe to different topics. The library's assignors would deal a district's partitions to
its dedicated workers and the pool alike, so that a flood in one district still holds up all others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import ClassVar

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from shared.contracts.topics import UNLOCATED, parse_topic

Members = Mapping[str, ConsumerProtocolMemberMetadata]

Share = tuple[str, int, Sequence[str]]
"""A district, a partition and the topics whose partition it is: what belongs together is read by the same member."""


class NarrowestFirst(AbstractPartitionAssignor):  # type: ignore[misc]  # aiokafka has no types
    """Gives each district to those of its members that serve the fewest districts, dealt out evenly among them.

    Partitions of the same number of a district's topics go to one member: they hold the same cases, and two members
    that work on one case get into each other's way. What has no district goes to those who serve the most.
    """

    # What members of a group agree on: earlier versions say the same, so old and new form one group in an upgrade. To
    # offer two names is no way: aiokafka 0.14.0 joins once for each of them, and members drive each other out.
    name: ClassVar[str] = "roundrobin"
    version: ClassVar[int] = 0

    @classmethod
    def assign(cls, cluster: ClusterMetadata, members: Members) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Return what each member is to read; the same members get the same, whoever works it out."""
        dealt: dict[str, dict[str, list[int]]] = {member: defaultdict(list) for member in members}
        turns: dict[tuple[str, ...], int] = defaultdict(int)
        widths = {member: len(_districts(metadata.subscription)) for member, metadata in members.items()}
        for district, partition, topics in _shares(cluster, members):
            able = [member for member in sorted(members) if topics[0] in members[member].subscription]
            wanted = (max if district == UNLOCATED else min)(widths[member] for member in able)
            chosen = tuple(member for member in able if widths[member] == wanted)
            member = chosen[turns[chosen] % len(chosen)]
            turns[chosen] += 1
            for topic in topics:
                dealt[member][topic].append(partition)
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, sorted(topics.items()), b"")
            for member, topics in dealt.items()
        }

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Return what a member says of itself: its topics."""
        return ConsumerProtocolMemberMetadata(cls.version, list(topics), b"")

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing is to be remembered."""


def _shares(cluster: ClusterMetadata, members: Members) -> Iterable[Share]:
    """Yield what is dealt as one, in a fixed order; topics of a district with as many partitions belong together.

    A topic with a single partition stands alone: a hundred departments have one, and nothing in common.
    """
    topics = {topic for metadata in members.values() for topic in metadata.subscription}
    known = sorted(
        (parse_topic(topic).district, len(partitions), topic)
        for topic in topics
        if (partitions := cluster.partitions_for_topic(topic))
    )
    for (district, count), group in groupby(known, key=lambda one: one[:2]):
        together = [topic for _, _, topic in group]
        if count == 1:
            yield from ((district, 0, [topic]) for topic in together)
        else:
            yield from ((district, partition, together) for partition in range(count))


def _districts(topics: Iterable[str]) -> set[str]:
    return {parse_topic(topic).district for topic in topics}

"""Who reads what when dedicated workers come and go."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from shared.infra.assignor import NarrowestFirst

A, B, NOWHERE = "620802", "620171", "000000"
SUFFIXES = ("incidents", "commands", "escalations")
PARTITIONS = {
    **{f"gw.{district}.{suffix}": 6 for district in (A, B) for suffix in SUFFIXES},
    **{f"gw.{A}.in.{partner}": 1 for partner in ("housing", "water", "traffic", "police")},
    f"gw.{NOWHERE}.in.hotline": 2,
}
CLUSTER = SimpleNamespace(partitions_for_topic=lambda topic: set(range(PARTITIONS.get(topic, 0))) or None)


def of(*districts: str) -> list[str]:
    """Return the topics of some districts."""
    return [topic for topic in PARTITIONS if topic.split(".")[1] in districts]


def deal(**members: list[str]) -> dict[str, set[tuple[str, int]]]:
    """Return what each member gets."""
    metadata = {name: NarrowestFirst.metadata(topics) for name, topics in members.items()}
    assigned: Any = NarrowestFirst.assign(CLUSTER, metadata)
    return {name: {(topic, n) for topic, ns in one.assignment for n in ns} for name, one in assigned.items()}


def all_of(*districts: str) -> set[tuple[str, int]]:
    """Return all partitions of some districts."""
    return {(topic, number) for topic in of(*districts) for number in range(PARTITIONS[topic])}


def test_a_district_belongs_to_its_dedicated_workers_and_the_rest_to_the_pool() -> None:
    """Nothing of it stays with the pool."""
    dealt = deal(pool1=of(A, B, NOWHERE), pool2=of(A, B, NOWHERE), own1=of(A), own2=of(A))
    assert dealt["own1"] | dealt["own2"] == all_of(A)
    assert dealt["pool1"] | dealt["pool2"] == all_of(B, NOWHERE)


def test_when_they_go_the_pool_has_it_again() -> None:
    """Every partition has a reader at all times."""
    assert deal(pool=of(A, B, NOWHERE))["pool"] == all_of(A, B, NOWHERE)


def test_a_worker_for_one_of_two_districts_comes_before_one_for_both() -> None:
    """The fewer districts, the sooner."""
    dealt = deal(pool=of(A, B, NOWHERE), both=of(A, B), one=of(B))
    assert dealt == {"pool": all_of(NOWHERE), "both": all_of(A), "one": all_of(B)}


def test_what_has_no_district_goes_to_the_widest_though_dedicated_workers_could_read_it() -> None:
    """A flood of one district must not wait behind the reports that nobody could place, nor they behind it."""
    dealt = deal(pool=of(A, B, NOWHERE), own=of(A, NOWHERE))
    assert dealt["pool"] == all_of(B, NOWHERE)
    assert deal(own=of(A, NOWHERE))["own"] == all_of(A, NOWHERE)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7])
def test_every_partition_has_one_reader_and_nobody_has_much_more_than_another(number: int) -> None:
    """Dealt evenly, and what holds the same cases together."""
    dealt = deal(**{f"pool{n}": of(A, B, NOWHERE) for n in range(number)})
    readers = Counter(place for places in dealt.values() for place in places)
    assert set(readers) == all_of(A, B, NOWHERE)
    assert set(readers.values()) == {1}
    shares = [len({topic if PARTITIONS[topic] == 1 else (topic[:9], n) for topic, n in one}) for one in dealt.values()]
    assert max(shares) - min(shares) <= 1
    for places in dealt.values():
        for topic, n in places:
            if ".in." not in topic:
                assert all((f"gw.{topic.split('.')[1]}.{suffix}", n) in places for suffix in SUFFIXES)


def test_the_order_in_which_members_are_named_changes_nothing() -> None:
    """Whoever leads the group works out the same."""
    members = {"a": of(A, B, NOWHERE), "b": of(A), "c": of(A, B, NOWHERE)}
    assert deal(**members) == deal(**dict(reversed(members.items())))


def test_a_topic_that_the_broker_does_not_tell_of_is_left_out() -> None:
    """It comes with the next round, when the broker has told."""
    assert deal(pool=[*of(B), "gw.620171.new"])["pool"] == all_of(B)

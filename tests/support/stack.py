"""Stacks for tests: on ports nobody has, in a directory that goes away, with the jars of the developer's own cache."""

import os
import random
from pathlib import Path
from typing import Literal

from deploy.local import StackConfig
from deploy.local.machine import port_is_free

# Below the range from which Linux hands out client ports, so that no connection of ours takes one meanwhile.
BLOCKS = range(20_000, 32_000, 100)
BLOCK = 100


def free_port_base() -> int:
    """Return a base whose whole block is free; random, so that two test runs at once do not race for the same."""
    for base in random.sample(BLOCKS, len(BLOCKS)):
        if all(port_is_free(port) for port in range(base, base + BLOCK)):
            return base
    raise RuntimeError(f"no {BLOCK} free ports in a row between {BLOCKS.start} and {BLOCKS.stop}")


def chosen_broker() -> Literal["tansu", "kafka"]:
    """Return the broker that GW_TEST_BROKER names; Tansu when it names none."""
    name = os.environ.get("GW_TEST_BROKER", "tansu")
    if name == "kafka":
        return "kafka"
    if name == "tansu":
        return "tansu"
    raise ValueError(f"GW_TEST_BROKER is {name!r}; it may be tansu or kafka")


def replicas_at_once() -> int:
    """Return how many replicas of a service a shared broker bears: Tansu may keep one that has left as their leader."""
    return 2 if chosen_broker() == "kafka" else 1


def infra_config(state: Path) -> StackConfig:
    """Return mongod and the broker alone."""
    return StackConfig(state=state, broker=chosen_broker(), port_base=free_port_base(), provision=False, services=())


def secured_config(state: Path) -> StackConfig:
    """Return the whole system on a broker and a database that ask; with few partitions, for its tests load nothing."""
    return StackConfig(state=state, broker="kafka", secure=True, partitions=2, port_base=free_port_base())


def stack_config(state: Path) -> StackConfig:
    """Return the whole system: topics, every profile, the four services."""
    return StackConfig(state=state, broker=chosen_broker(), port_base=free_port_base())

"""Topic names: `gw.<district>.<suffix>`; inbound ones are `gw.<district>.in.<partner>`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

UNLOCATED = "000000"
"""The district of reports whose sender does not know the district."""

DEFAULT_PARTITIONS = 6

# Spelt out, for FastStream takes braces in a pattern for its own path parameters.
_ANY_DISTRICT = r"\d" * 6

_NAME = re.compile(r"^gw\.(?P<district>\d{6})\.(?:in\.(?P<partner>[a-z0-9-]{1,40})|(?P<suffix>[a-z-]+))$")


class Topic(StrEnum):
    """The suffix of every internal topic of a district."""

    INCIDENTS = "incidents"
    COMMANDS = "commands"
    CASES = "cases"
    ESCALATIONS = "escalations"
    NOTIFICATIONS = "notifications"
    DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic name taken apart; exactly one of `partner` and `suffix` is set."""

    district: str
    partner: str | None = None
    suffix: str | None = None


def topic_name(district: str, suffix: str) -> str:
    """Return the name of an internal topic, e.g. `gw.620802.cases`."""
    return f"gw.{district}.{suffix}"


def inbound_name(district: str, partner: str) -> str:
    """Return the name of a partner's inbound topic, e.g. `gw.620802.in.grid-app`."""
    return f"gw.{district}.in.{partner}"


def parse_topic(name: str) -> TopicName:
    """Take a topic name apart.

    Raises:
        ValueError: the name is not one of ours.
    """
    match = _NAME.match(name)
    if match is None:
        message = f"{name!r} is not a GridWhistle topic"
        raise ValueError(message)
    return TopicName(**match.groupdict())


def inbound_pattern(districts: tuple[str, ...] = ()) -> str:
    """Return the pattern of inbound topics of the districts (all when none is named), the unlocated ones included."""
    codes = "|".join((UNLOCATED, *districts)) if districts else _ANY_DISTRICT
    return rf"^gw\.({codes})\.in\.[a-z0-9-]+$"


def internal_pattern(suffixes: tuple[Topic, ...], districts: tuple[str, ...] = ()) -> str:
    """Return the pattern of internal topics of the districts (all when none is named)."""
    codes = "|".join(districts) if districts else _ANY_DISTRICT
    return rf"^gw\.({codes})\.({'|'.join(suffixes)})$"

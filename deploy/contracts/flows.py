"""Who writes and who reads which topics, as facts about the whole system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deploy.contracts.schemas import inbound_types
from shared.contracts.dead_letters import RecordRejected, RecordReplayed
from shared.contracts.registry import event_types
from shared.contracts.topics import Topic, parse_topic

INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class Flow:
    """One party: what it receives and what it sends, by topic; services are consumer groups of their own name."""

    receives: tuple[str, ...]
    sends: tuple[str, ...]
    is_service: bool = True


FLOWS = {
    "intake": Flow((INBOUND,), (Topic.INCIDENTS, Topic.COMMANDS, Topic.DEAD_LETTERS)),
    "router": Flow((Topic.INCIDENTS, Topic.COMMANDS, Topic.ESCALATIONS), (Topic.CASES, Topic.DEAD_LETTERS)),
    "escalation": Flow((Topic.CASES, Topic.COMMANDS), (Topic.ESCALATIONS, Topic.DEAD_LETTERS)),
    "notifier": Flow(
        (Topic.INCIDENTS, Topic.COMMANDS, Topic.CASES, Topic.ESCALATIONS), (Topic.NOTIFICATIONS, Topic.DEAD_LETTERS)
    ),
    "partner": Flow((Topic.CASES, Topic.ESCALATIONS, Topic.NOTIFICATIONS), (INBOUND,), is_service=False),
    "operator": Flow((Topic.DEAD_LETTERS,), (Topic.DEAD_LETTERS,), is_service=False),
}

SERVICES = tuple(name for name, flow in FLOWS.items() if flow.is_service)

SUMMARIES = {
    INBOUND: "What one partner says: reports and commands. Only that partner may write here.",
    Topic.INCIDENTS: "Reports that intake accepted, normalised and located; no personal data in clear form.",
    Topic.COMMANDS: "Commands that intake let through, each with its authenticated actor.",
    Topic.CASES: "What became of cases and tasks.",
    Topic.ESCALATIONS: "Clocks, warnings, breaches, levels, the whistle and its team.",
    Topic.NOTIFICATIONS: "Which notices went out, by role; no addresses.",
    Topic.DEAD_LETTERS: "What could not be applied, byte for byte, and why.",
}

TITLES = {
    INBOUND: "上报与指令 inbound",
    Topic.INCIDENTS: "事件 incidents",
    Topic.COMMANDS: "指令 commands",
    Topic.CASES: "案件 cases",
    Topic.ESCALATIONS: "督办 escalations",
    Topic.NOTIFICATIONS: "通知 notifications",
    Topic.DEAD_LETTERS: "死信 dead letters",
}


def readers(topic: str) -> list[str]:
    """Return the services that read a topic of this name.

    Raises:
        ValueError: it is none of ours.
    """
    kind = parse_topic(topic).suffix or INBOUND
    return [name for name in SERVICES if kind in FLOWS[name].receives]


def types_on(topic: str) -> list[str]:
    """Return the message types that travel on a topic, sorted."""
    if topic == INBOUND:
        return sorted(inbound_types())
    if topic == Topic.DEAD_LETTERS:
        return [RecordRejected.type, RecordReplayed.type]
    return sorted(name for name, cls in event_types().items() if cls.topic == topic)


def topics_of(parties: Iterable[str]) -> list[str]:
    """Return the topics that the parties touch, in the order of the flow."""
    touched = {topic for party in parties for topic in (*FLOWS[party].receives, *FLOWS[party].sends)}
    return [topic for topic in (INBOUND, *Topic) if topic in touched]


def types_sent_on(party: str, topic: str) -> list[str]:
    """Return what one party itself sends on a topic: a letter is the services' to write, a replay the operator's."""
    if topic != Topic.DEAD_LETTERS:
        return types_on(topic)
    return [RecordRejected.type if FLOWS[party].is_service else RecordReplayed.type]

"""The broker's topics beside the plan: there, laid out and set as they should be, and with all their copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from deploy.doctor.finding import Finding, failure, ok, or_ok, some, warning
from deploy.kafka.apply import Found, existing
from deploy.kafka.topics import TopicSpec
from shared.contracts.topics import parse_topic

TOPICS, SETTINGS, COPIES = "topics", "topic settings", "copies of topics"
SAFE = 3


async def look(broker: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[Finding]:
    """Compare.

    Raises:
        KafkaError: the broker does not answer.
    """
    found = await existing(broker, specs)
    metadata = {topic["topic"]: topic["partitions"] for topic in await broker.describe_topics()}
    brokers = len((await broker.describe_cluster())["brokers"])
    return [
        *or_ok(TOPICS, f"{len(specs)} topics are there, laid out as planned.", _laid_out(specs, found)),
        *or_ok(SETTINGS, "All topics are set as their kind says.", _set(specs, found)),
        *_copies(specs, metadata, brokers),
    ]


def _laid_out(specs: Sequence[TopicSpec], found: Mapping[str, Found]) -> Iterator[Finding]:
    missing: dict[str, list[str]] = {}
    for spec in specs:
        if spec.name not in found:
            missing.setdefault(parse_topic(spec.name).district, []).append(spec.name)
    for district, names in missing.items():
        said = f"{len(names)} topics of {district} are missing: {', '.join(names[:3])}{', …' if names[3:] else ''}."
        yield failure(TOPICS, said, f"gridwhistle topics apply --district {district}")
    for spec in specs:
        there = found.get(spec.name)
        if there is not None and there.partitions != spec.partitions:
            yield warning(
                TOPICS,
                f"{spec.name} has {there.partitions} partitions; planned are {spec.partitions}.",
                "It is kept, or the order per case would break. If that number is meant, say --partitions; else make "
                "the topic anew while nothing is on it.",
            )


def _set(specs: Sequence[TopicSpec], found: Mapping[str, Found]) -> Iterator[Finding]:
    for spec in specs:
        there = found.get(spec.name)
        differing = there.differing(spec) if there else {}
        if there is not None and differing:
            told = ", ".join(f"{name}={there.values.get(name)}" for name in sorted(differing))
            district = parse_topic(spec.name).district
            yield failure(SETTINGS, f"{spec.name} has {told}.", f"gridwhistle topics apply --district {district}")


def _copies(
    specs: Sequence[TopicSpec], metadata: Mapping[str, Sequence[Mapping[str, Any]]], brokers: int
) -> list[Finding]:
    parts = [(spec.name, part) for spec in specs for part in metadata.get(spec.name, ())]
    broken = [
        failure(COPIES, f"{name} partition {part['partition']} has no leader.", "Start the brokers that are down.")
        for name, part in parts
        if part["leader"] < 0
    ]
    behind = [
        warning(
            COPIES,
            f"{name} partition {part['partition']} has {len(part['isr'])} of {len(part['replicas'])} copies in step.",
            "Look at the broker that is missing; until it is back a further loss may lose records.",
        )
        for name, part in parts
        if len(part["isr"]) < len(part["replicas"])
    ]
    few = min((len(part["replicas"]) for _, part in parts), default=1)
    if broken or behind:
        return some(broken) + some(behind)
    if few < min(SAFE, brokers):
        said = f"Topics have {few} copies on {brokers} brokers."
        advice = "Make more (kafka-reassign-partitions.sh), new topics with gridwhistle topics apply --replication 3."
        return [warning(COPIES, said, advice)]
    return [ok(COPIES, f"{brokers} brokers, {few} copies, all in step.{_alone(brokers)}")]


def _alone(brokers: int) -> str:
    return " One disk holds everything: back up (docs/backup.md)." if brokers == 1 else ""

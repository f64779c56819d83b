"""Bringing a broker's topics to what the plan says: create what is missing, set what differs, take nothing away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IncompatibleBrokerVersion, TopicAlreadyExistsError, for_code

from deploy.kafka.protocol import SetTopicConfigs
from deploy.kafka.topics import TopicSpec
from shared.infra.clock import monotonic

PAGE = 50
"""Topics of one request: a district has a hundred, and a broker makes each partition's files before it answers."""

LEADER_SECONDS = 30.0
NEVER_SET = "max.compaction.lag.ms"
"""A setting that every broker of Apache's tells and nobody here sets."""

State = Literal["created", "existing", "updated", "missing", "differs"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one topic; `note` says what is not as planned."""

    name: str
    state: State
    partitions: int
    configs: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it."""

    partitions: int
    values: Mapping[str, str]

    def differing(self, spec: TopicSpec) -> dict[str, str]:
        """Return the planned settings that the topic does not have."""
        return {name: value for name, value in spec.configs.items() if self.values.get(name) != value}


class TopicRefusedError(Exception):
    """The broker will not have a topic as planned; the message is the broker's."""


async def existing(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, Found]:
    """Return those of the planned topics that the broker has."""
    # All topics, not ours by name: Tansu creates a topic that is asked for by name.
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    names = [spec.name for spec in specs if spec.name in partitions]
    settings = await _settings(admin, names)
    return {name: Found(partitions[name], settings.get(name, {})) for name in names}


async def _settings(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(asked)
    resources = [resource for answer in answers for resource in answer.resources]
    return {name: {entry[0]: entry[1] for entry in entries} for _, _, _, name, entries in resources}


def compare(spec: TopicSpec, found: Found | None) -> Applied:
    """Say what is to be done about one topic, without doing it."""
    if found is None:
        return Applied(spec.name, "missing", spec.partitions, spec.configs)
    differing = found.differing(spec)
    note = "" if found.partitions == spec.partitions else _OTHER_PARTITIONS.format(spec.partitions)
    if differing:
        note = "; ".join(filter(None, (note, f"has other {', '.join(sorted(differing))}")))
    return Applied(spec.name, "differs" if differing else "existing", found.partitions, spec.configs, note)


_OTHER_PARTITIONS = "not changed to {} partitions: the order per case would break"


async def check(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[Applied]:
    """Compare the plan with the broker and change nothing."""
    found = await existing(admin, specs)
    return [compare(spec, found.get(spec.name)) for spec in specs]


async def apply(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[Applied]:
    """Create what is missing and set what differs; return what became of each, in the order of the plan.

    Raises:
        TopicRefusedError: the broker will not have one of them.
    """
    found = await existing(admin, specs)
    created = await _create(admin, [spec for spec in specs if spec.name not in found])
    await _wait_for_leaders(admin, created)
    verdicts = [_created(spec) if spec.name in created else _verdict(spec, found.get(spec.name)) for spec in specs]
    wanted = {
        spec.name: found[spec.name].differing(spec)
        for spec, verdict in zip(specs, verdicts, strict=True)
        if verdict.state == "differs"
    }
    return [_updated(verdict) for verdict in verdicts] if await _set(admin, wanted) else verdicts


def _created(spec: TopicSpec) -> Applied:
    return Applied(spec.name, "created", spec.partitions, spec.configs)


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> set[str]:
    created: set[str] = set()
    for start in range(0, len(specs), PAGE):
        wanted = [
            NewTopic(spec.name, spec.partitions, spec.replication, topic_configs=dict(spec.configs))
            for spec in specs[start : start + PAGE]
        ]
        response: Any = await admin.create_topics(wanted)
        created |= {name for name, code, message in response.topic_errors if _is_new(name, code, message)}
    return created


def _is_new(name: str, code: int, message: str | None) -> bool:
    """Say whether the broker made it now; somebody else may have been faster."""
    if code and for_code(code) is not TopicAlreadyExistsError:
        raise TopicRefusedError(f"the broker refuses topic {name}: {message or for_code(code).__name__}")
    return not code


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Wait until every new partition can be written, so that what starts next finds them."""
    deadline = monotonic() + LEADER_SECONDS
    while names and not names <= await _with_leaders(admin):
        if monotonic() > deadline:
            raise TopicRefusedError(f"some new topics have no leader after {LEADER_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


async def _with_leaders(admin: AIOKafkaAdminClient) -> set[str]:
    topics = await admin.describe_topics()
    return {
        topic["topic"]
        for topic in topics
        if topic["partitions"] and all(partition["leader"] >= 0 for partition in topic["partitions"])
    }


def _verdict(spec: TopicSpec, found: Found | None) -> Applied:
    if found is None:
        return Applied(spec.name, "existing", spec.partitions, spec.configs, "made by somebody else just now")
    return compare(spec, found)


def _updated(verdict: Applied) -> Applied:
    if verdict.state != "differs":
        return verdict
    return replace(verdict, state="updated", note=verdict.note.replace("has", "had"))


async def _set(admin: AIOKafkaAdminClient, wanted: Mapping[str, Mapping[str, str]]) -> bool:
    """Set what differs and nothing else; say whether the broker can.

    Raises:
        TopicRefusedError: it can, and will not.
    """
    names = list(wanted)
    try:
        for start in range(0, len(names), PAGE):
            page = SetTopicConfigs({name: wanted[name] for name in names[start : start + PAGE]})
            answer: Any = await admin._send_request(page)  # noqa: SLF001 - the library has no such request of its own
            for code, message, _, name in answer.responses:
                if code:
                    said = message or for_code(code).__name__
                    raise TopicRefusedError(f"the broker does not set topic {name}: {said}")
    except IncompatibleBrokerVersion:
        return False
    return True


async def only_echoes(admin: AIOKafkaAdminClient, name: str) -> bool:
    """Say whether the broker keeps settings without acting on them: it then tells no setting but those it was given."""
    settings = await _settings(admin, [name])
    return NEVER_SET not in settings.get(name, {})

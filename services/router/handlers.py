"""What the router listens to. The engine reads, decides, saves and publishes; here is only which topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.contracts.advisories import is_file
from shared.contracts.topics import Topic, internal_pattern
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.INCIDENTS, Topic.COMMANDS, Topic.ESCALATIONS)


def subscriptions(handle: BatchHandler, districts: tuple[str, ...]) -> list[tuple[str, BatchHandler]]:
    """Return the one subscription: reports, commands and breaches of the districts, all by the same handler."""

    async def on_records(records: Sequence[Any]) -> None:
        await handle([one for one in records if is_of_a_case(one)])

    return [(internal_pattern(TOPICS, districts), on_records)]


def is_of_a_case(record: Any) -> bool:
    """Say whether a record is to be decided on: what escalation says of an advisory's file is of no case.

    Its clocks are told like those of a case, and would wait here for a case that never comes. A command on such a
    number is a mistake of its sender, who is told so.
    """
    told = record.topic.endswith(f".{Topic.ESCALATIONS}") and record.key
    return not (told and is_file(record.key.decode(errors="replace")))

"""Which topics the notifier reads: facts go to the case engine, acknowledgements to the engine of the notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState
from shared.contracts.commands import AcknowledgeNotice
from shared.contracts.topics import Topic, internal_pattern, parse_topic
from shared.decision import Poison
from shared.infra.engine import Engine, Input, read_input
from shared.infra.engine.fold import Rejection
from shared.infra.engine.inbox import Record
from shared.infra.engine.outbox import dead_letter
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.COMMANDS)
_ACKNOWLEDGE = AcknowledgeNotice.type.encode()


def subscriptions(
    cases: Engine[CaseView], notices: Engine[NoticeState], districts: tuple[str, ...]
) -> list[tuple[str, BatchHandler]]:
    """Return the pattern and its handler; one consumer for all, for a case's facts come over three topics."""

    async def on_records(records: Sequence[Any]) -> None:
        commands = [record for record in records if parse_topic(record.topic).suffix == Topic.COMMANDS]
        facts = [record for record in records if parse_topic(record.topic).suffix != Topic.COMMANDS]
        if facts:
            await cases.handle(facts)
        inputs, rejections = acknowledgements(commands, notices)
        if inputs or rejections:
            await notices.apply(inputs, rejections)

    return [(internal_pattern(TOPICS, districts), on_records)]


def acknowledgements(records: Sequence[Record], engine: Engine[NoticeState]) -> tuple[list[Input], list[Rejection]]:
    """Return the acknowledgements as inputs of the notices they name; router and escalation judge other commands."""
    inputs: list[Input] = []
    rejections: list[Rejection] = []
    for record in records:
        if ("ce_type", _ACKNOWLEDGE) not in record.headers:
            continue
        try:
            source = read_input(record)
        except Poison as poison:
            letter = dead_letter(engine.service, record, poison, engine.clock.now())
            rejections.append(Rejection(None, poison, letter))
        else:
            inputs.append(replace(source, aggregate=source.event.notice_id))
    return inputs, rejections

"""Which topics the notifier reads: what is of a case goes to its engine, acknowledgements to that of the notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notifier.domain.model import CaseView
from services.notifier.domain.notice import NoticeState
from shared.contracts.commands import AcknowledgeNotice, EraseReporter
from shared.contracts.incidents import ReportUnmerged
from shared.contracts.topics import Topic, internal_pattern
from shared.decision import Poison
from shared.infra.engine import Engine, Input, read_input
from shared.infra.engine.fold import Rejection
from shared.infra.engine.inbox import Record
from shared.infra.engine.outbox import dead_letter, received_at
from shared.infra.kafka import BatchHandler

TOPICS = (Topic.INCIDENTS, Topic.CASES, Topic.ESCALATIONS, Topic.COMMANDS)
_ACKNOWLEDGE = AcknowledgeNotice.type.encode()
_ERASE = EraseReporter.type.encode()
_UNMERGED = ReportUnmerged.type.encode()


Erase = Callable[[str, str | None, datetime], Awaitable[None]]
"""Deletes contacts: (case id, reporter or None for all, of reports until)."""


def subscriptions(
    cases: Engine[CaseView], notices: Engine[NoticeState], erase: Erase, districts: tuple[str, ...]
) -> list[tuple[str, BatchHandler]]:
    """Return the pattern and its handler; one consumer for all, for what is of a case comes over four topics."""

    async def on_records(records: Sequence[Any]) -> None:
        await cases.handle(records)
        inputs, rejections = acknowledgements(records, notices)
        if inputs or rejections:
            await notices.apply(inputs, rejections)
        for gone in erasures(records):
            await erase(gone.case_id, gone.reporter_ref, gone.recorded_at)

    return [(internal_pattern(TOPICS, districts), on_records)]


def erasures(records: Sequence[Record]) -> list[EraseReporter | ReportUnmerged]:
    """Return what makes contacts of a case go; the views have forgotten them already.

    A report taken out of a case takes its contact along: kept here, erasing the person under the own case missed it.
    """
    gone: list[EraseReporter | ReportUnmerged] = []
    for record in records:
        if ("ce_type", _ERASE) in record.headers or ("ce_type", _UNMERGED) in record.headers:
            with suppress(Poison):
                gone.append(read_input(record).event)
    return [one for one in gone if isinstance(one, EraseReporter) or one.reporter_ref is not None]


def acknowledgements(records: Sequence[Record], engine: Engine[NoticeState]) -> tuple[list[Input], list[Rejection]]:
    """Return the acknowledgements as inputs of the notices they name."""
    inputs: list[Input] = []
    rejections: list[Rejection] = []
    for record in records:
        if ("ce_type", _ACKNOWLEDGE) not in record.headers:
            continue
        try:
            source = read_input(record)
        except Poison as poison:
            letter = dead_letter(engine.service, record, poison, received_at(engine.clock, record))
            rejections.append(Rejection(None, poison, letter, record))
        else:
            inputs.append(replace(source, aggregate=source.event.notice_id))
    return inputs, rejections

"""The instant of a backup, and what is kept of topics, without broker and database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from aiokafka import TopicPartition
from bson import Timestamp

from deploy.backup.cut import Cut, cut
from deploy.backup.manifest import BackupError
from deploy.backup.records import Stretch, guarded, stretches
from deploy.contracts.flows import SERVICES
from services.intake.domain.reading import read_message
from shared.infra.engine.outbox import place_of
from shared.infra.sealed_records import opened
from tests.unit.intake.world import CASE, VAULT, record, to_json

CASES, LETTERS = TopicPartition("gw.620802.cases", 0), TopicPartition("gw.620802.dead-letters", 0)
INBOUND, TOLD = TopicPartition("gw.620802.in.grid-app", 0), TopicPartition("gw.620802.notifications", 0)


@dataclass
class Topics:
    """A broker whose services say something between some of the looks: `said` records before each answer."""

    said: Iterator[int]
    end: int = 10
    leaders: dict[TopicPartition, int] = field(
        default_factory=lambda: dict.fromkeys((CASES, LETTERS, INBOUND, TOLD), 1)
    )

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Nobody has read anything."""
        del group
        return {}

    async def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the ends after what has just been said."""
        self.end += next(self.said)
        return dict.fromkeys(partitions, self.end)


class Database:
    """Gives a snapshot a number each time one is begun; reads nothing."""

    def __init__(self) -> None:
        self.begun = 0
        self.delegate = self

    @property
    def _snapshot_time(self) -> Timestamp:
        return Timestamp(self.begun, 1)

    async def start_session(self, *, snapshot: bool) -> Self:
        """Begin one."""
        assert snapshot
        self.begun += 1
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __getitem__(self, _: str) -> Self:
        return self

    async def find_one(self, *_: Any, session: Database) -> None:
        """Fix the instant."""
        assert session is self


async def test_a_snapshot_during_which_something_was_said_is_not_used() -> None:
    """The third look is the first that nobody spoke into; its ends are those of before and after."""
    database = Database()
    async with cut(database, Topics(iter([0, 3, 0, 1, 5, 0, 2])), patience=5) as found:  # type: ignore[arg-type]
        assert (found.looks, found.time) == (3, Timestamp(3, 1))
        assert found.ends[CASES] == 19
        assert found.ends[INBOUND] == 21


async def test_where_services_never_stop_talking_nothing_is_taken() -> None:
    """The operator is told how long it was looked for, and what to do."""
    always = iter(int, 1)
    with pytest.raises(BackupError, match="no instant at which the services said nothing"):
        async with cut(Database(), Topics(1 for _ in always), patience=0):  # type: ignore[arg-type]
            pass


def test_what_is_kept_is_what_the_slowest_reader_has_not_read() -> None:
    """Of dead letters all, of what no service reads nothing, and nothing that the broker has forgotten."""
    committed: dict[str, dict[TopicPartition, int]] = {group: {} for group in SERVICES}
    committed["escalation"][CASES], committed["notifier"][CASES] = 8, 5
    taken = Cut(None, Timestamp(1, 1), committed, {CASES: 9, LETTERS: 7, INBOUND: 4, TOLD: 100}, 1)
    found = list(stretches(taken, {CASES: 2, LETTERS: 3, INBOUND: 1, TOLD: 0}))
    assert found == [Stretch(CASES, 5, 9), Stretch(LETTERS, 3, 7), Stretch(INBOUND, 1, 4)]


def test_a_partner_s_record_is_sealed_and_a_command_keeps_its_id() -> None:
    """A bare command is known by its place, and has another on another broker; a report is known by what it says."""
    command = {"type": "task.accept", "case_id": CASE, "task_id": "t"}
    report = {"report_id": "A-1", "text": "13800000000"}
    for content, has_id in ((command, True), (report, False)):
        sent = record(to_json(content), offset=7)
        value, headers = guarded(sent, VAULT)
        assert b"13800000000" not in (value or b"")
        inside = opened(VAULT, sent.topic, value, headers)
        message = read_message(inside.headers, inside.value)
        assert message.id == (place_of(sent) if has_id else None)
        assert {"type": "task.accept", **message.payload} == {"type": "task.accept", **content}
        assert message.type == ("gridwhistle.task.accept.v1" if has_id else "gridwhistle.report.submit.v1")


def test_without_a_key_no_partner_s_record_is_kept() -> None:
    """It may name somebody."""
    with pytest.raises(BackupError, match="GW_VAULT_KEYS_FILE"):
        guarded(record(to_json({"report_id": "A-1"})), None)

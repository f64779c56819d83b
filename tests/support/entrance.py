"""The way in of the cores in memory: what intake makes of a record before anybody else sees it."""

from __future__ import annotations

import json
from typing import Any

from services.intake.domain.desk import Desk, Envelope
from services.intake.domain.model import ReportState, Sealed, Submission
from services.intake.domain.place import find_places
from services.intake.domain.reading import Kind, read_message
from services.intake.metrics import IntakeMetrics
from shared.contracts.base import format_instant
from shared.contracts.commands import UnmergeReport
from shared.contracts.envelope import Envelope as CloudEvent
from shared.contracts.envelope import to_headers
from shared.contracts.incidents import Report
from shared.contracts.topics import inbound_name, topic_name
from shared.decision import Poison
from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile
from shared.infra.clock import ManualClock
from shared.infra.engine import Engine, Input
from shared.infra.engine.fold import ParkedRecord
from shared.infra.engine.outbox import outgoing_events
from tests.support.editions import Editions
from tests.support.memory import MemoryBus, MemoryStore
from tests.support.stand_ins import nearest, run, undoing


class Entrance:
    """Intake with its counter, in the order in which its adapters would ask it.

    `names` gives back under which id a partner sent what came to be a record, `refused` what intake itself refused.
    """

    district: str
    editions: Editions
    clock: ManualClock
    bus: MemoryBus
    desk: Desk
    names: dict[str, str]
    refused: list[tuple[str, str]]
    counts: IntakeMetrics
    reports: MemoryStore[ReportState]
    intake: Engine[ReportState]

    @property
    def index(self) -> DirectoryIndex:
        """The newest profile."""
        return self.editions.newest

    def renew(self, profile: Profile) -> None:
        """Put a newer profile in force everywhere."""
        self.editions.apply(profile)
        self.desk = Desk({profile.code: self.index})
        self.counts.know(self.index)

    def submit(self, id_: str, partner: str, name: str | None, content: dict[str, Any]) -> None:
        """Let a partner send a report (without a name) or a command, as a CloudEvent."""
        now = self.clock.now()
        self.bus.now_ms = int(now.timestamp() * 1000)
        type_ = f"gridwhistle.{name}.v1" if name else Report.type
        headers = to_headers(CloudEvent(id_, f"/test/{partner}", type_, format_instant(now)))
        value = json.dumps(content, ensure_ascii=False).encode()
        offset = len(self.names)
        record = ParkedRecord(
            inbound_name(self.district, partner), 0, offset, self.bus.now_ms, None, value, list(headers)
        )
        self.names[id_] = id_
        message = read_message(record.headers, record.value)
        try:
            envelope = Envelope(self.district, partner, now, message)
            if message.kind is Kind.COMMAND:
                self._pass_on(id_, partner, envelope, record)
            else:
                self._take_in(envelope, record)
        except Poison as poison:
            self.refused.append((id_, poison.error))
            count = self.counts.commands if message.kind is Kind.COMMAND else self.counts.reports
            count.labels(self.district, partner, "rejected").inc()

    def _pass_on(self, id_: str, partner: str, envelope: Envelope, record: ParkedRecord) -> None:
        command = self.desk.command(envelope)
        if isinstance(command, UnmergeReport):
            source = undoing(id_, command, record, self.reports.states(), self.index.profile.near_duplicates)
            if not self._applied(source):
                self.counts.commands.labels(self.district, partner, "rejected").inc()
            return
        source = Input(command.case_id, f"{self.district}/{partner}/{id_}", None)
        records = outgoing_events("intake", source, [command])
        self.names[dict(records[0].headers)["ce_id"].decode()] = id_
        run(self.bus.publish(records))
        self.counts.command_passed(command)

    def _applied(self, source: Input) -> bool:
        """Let intake decide; say whether it refused nothing."""
        letters = topic_name(self.district, "dead-letters")
        before = len(self.bus.topics.get(letters, ()))
        run(self.intake.apply([source]))
        return len(self.bus.topics.get(letters, ())) == before

    def _take_in(self, envelope: Envelope, record: ParkedRecord) -> None:
        draft = self.desk.draft(self.desk.parse(envelope))
        (place,) = find_places(self.index, [draft.asked], [draft.text])
        sealed = Sealed(f"{draft.origin.partner.id}:{draft.report_id}", "sealed") if draft.reporter else Sealed()
        source = Input(
            draft.aggregate,
            f"{record.topic}/{record.offset}",
            Submission(draft, place, nearest(draft, self.reports.states().values()), sealed),
            record,
        )
        if not self._applied(source):
            self.counts.report(self.district, envelope.partner, "conflict")

"""Sorting a batch of records: reports to decide, commands to pass on, and what cannot be read. No waiting in here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.domain.desk import Desk, Envelope, Parsed
from services.intake.domain.model import Draft, Refused
from services.intake.domain.place import find_places
from services.intake.domain.reading import Kind, read_message
from services.intake.domain.undoing import Undo
from services.intake.letters import fitting, letter_bytes
from shared.contracts.commands import Command, UnmergeReport
from shared.contracts.envelope import Headers
from shared.contracts.topics import UNLOCATED, parse_topic
from shared.decision import Poison
from shared.district.lookup import Place
from shared.infra.clock import Clock
from shared.infra.engine import Input
from shared.infra.engine.fold import Enter, Rejection
from shared.infra.engine.inbox import Record, replayed_letter
from shared.infra.engine.outbox import Outgoing, dead_letter, outgoing_events, place_of, received_at
from shared.infra.kafka import DEAD_LETTER_BYTES
from shared.infra.log import get_logger
from shared.infra.sealed_records import Guarded, key_of, opened
from shared.infra.vault import SealError, Vault

SERVICE = "intake"
_LOG_APPEND_TIME = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One report of the batch, normalised or refused; `cause` names its record."""

    record: Record
    cause: str
    aggregate: str
    content: Draft | Refused
    traceparent: str | None

    def to_input(self, event: object) -> Input:
        """Return what the engine is given."""
        return Input(self.aggregate, self.cause, event, self.record, self.traceparent)


@dataclass(slots=True)
class Sorted:
    """What a batch holds: reports in order, commands with their records, refusals with their letters."""

    desk: Desk
    clock: Clock
    now: datetime
    vault: Vault
    enter: Enter | None = None
    parsed: list[tuple[Record, Parsed]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    undoings: list[Input] = field(default_factory=list)
    passed: list[Input] = field(default_factory=list)
    passing: list[Outgoing] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def take(self, records: Iterable[Record]) -> None:
        """Sort the records; whatever one of them holds, the others are not harmed."""
        for record in records:
            kind = Kind.REPORT
            try:
                envelope = self._open(record)
                kind = envelope.message.kind
                self._sort(record, envelope)
            except Poison as poison:
                self._refuse(record, kind, poison)
            except Exception as error:  # noqa: BLE001 - a bug in one normaliser must not stop the records behind it
                self._refuse(record, kind, _bug(error))

    def _open(self, record: Record) -> Envelope:
        if letter_bytes(record) > DEAD_LETTER_BYTES:
            raise Poison("too-large", "Key, value and headers of the record together are too large to be handled.")
        topic = parse_topic(record.topic)
        message = read_message(*self._content(record))
        return Envelope(topic.district, topic.partner or "", self._received(record), message)

    def _content(self, record: Record) -> tuple[Headers, bytes | None]:
        """Return headers and value in the clear; what came over HTTP is sealed on its topic."""
        if key_of(record.headers) is None:
            return record.headers, record.value
        try:
            found = opened(self.vault, record.topic, record.value, record.headers)
        except SealError as error:
            raise Poison("unreadable-seal", f"The record says that it is sealed: {error}.") from error
        return found.headers, found.value

    def _received(self, record: Record) -> datetime:
        """Return when the broker took the record, the same at every delivery.

        A broker that leaves the timestamp to partners is not believed when it says a time to come. One that gives it
        itself is, whatever the clock of this machine says.
        """
        at = received_at(self.clock, record)
        return at if getattr(record, "timestamp_type", None) == _LOG_APPEND_TIME else min(at, self.now)

    def _sort(self, record: Record, envelope: Envelope) -> None:
        if envelope.message.kind is Kind.REPORT:
            self.parsed.append((Guarded(record, self.vault), self.desk.parse(envelope)))
            return
        command = self.desk.command(envelope)
        id_ = envelope.message.id or replayed_letter(record) or place_of(record)
        cause, trace = f"{command.district}/{envelope.partner}/{id_}", envelope.message.traceparent
        if isinstance(command, UnmergeReport):
            profile = self.desk.index(command.district).profile
            undo = Undo(command, profile.near_duplicates, surge=profile.surge)
            self.undoings.append(Input(undo.aggregate, cause, undo, Guarded(record, self.vault), trace))
            return
        source = Input(command.case_id, cause, command, record, trace)
        self.commands.append(command)
        self.passed.append(source)
        self.passing += outgoing_events(SERVICE, self.enter(source) if self.enter else source, [command])

    def _refuse(self, record: Record, kind: Kind, poison: Poison) -> None:
        kept, said = fitting(record, poison)
        source = Input("", place_of(record), Refused(poison, kind), record)
        letter = dead_letter(SERVICE, Guarded(kept, self.vault), said, self._received(record))
        self.rejections.append(Rejection(source, poison, letter))

    def unlocated(self) -> dict[str, str]:
        """Return where reports without a district were found just now, by `<partner>/<report id>`."""
        found = (parsed for _, parsed in self.parsed if parsed.envelope.district == UNLOCATED)
        return {f"{parsed.envelope.partner}/{parsed.report_id}": parsed.district for parsed in found}

    def items(self, pins: dict[str, str]) -> list[Item]:
        """Return the reports normalised, in order; `pins` says where reports without a district belong for good."""
        return [self._item(record, _pinned(parsed, pins)) for record, parsed in self.parsed]

    def _item(self, record: Record, parsed: Parsed) -> Item:
        content: Draft | Refused
        try:
            content = self.desk.draft(parsed)
        except Poison as poison:
            content = Refused(poison, Kind.REPORT)
        except Exception as error:  # noqa: BLE001 - as in `take`
            content = Refused(_bug(error), Kind.REPORT)
        return Item(record, place_of(record), parsed.aggregate, content, parsed.envelope.message.traceparent)


def _pinned(parsed: Parsed, pins: dict[str, str]) -> Parsed:
    if parsed.envelope.district != UNLOCATED:
        return parsed
    district = pins.get(f"{parsed.envelope.partner}/{parsed.report_id}", parsed.district)
    return Parsed(parsed.envelope, parsed.report, parsed.report_id, parsed.content, district)


def _bug(error: Exception) -> Poison:
    get_logger().error("record_broke_intake", error=type(error).__name__)
    return Poison("internal-error", f"Reading the record failed: {type(error).__name__}.")


def places(items: Sequence[Item]) -> dict[str, Place]:
    """Return the place of each report by its cause, looked up together for each district."""
    by_district: dict[str, list[tuple[str, Draft]]] = {}
    for item in items:
        if isinstance(item.content, Draft):
            by_district.setdefault(item.content.origin.district, []).append((item.cause, item.content))
    found: dict[str, Place] = {}
    for group in by_district.values():
        drafts = [draft for _, draft in group]
        index = drafts[0].origin.index
        located = find_places(index, [draft.asked for draft in drafts], [draft.text for draft in drafts])
        found.update(zip((cause for cause, _ in group), located, strict=True))
    return found

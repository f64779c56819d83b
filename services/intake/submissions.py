"""From an object that came over HTTP to the record that its partner could have put on the bus by itself, sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.adapters.keys import ANY, Grant
from services.intake.domain.desk import Desk, Envelope
from services.intake.domain.reading import MAX_BYTES, MAX_COMMAND_BYTES, Kind, Message, bare_message
from shared.contracts.base import format_instant
from shared.contracts.envelope import Envelope as Attributes
from shared.contracts.envelope import to_headers
from shared.contracts.ids import event_id
from shared.contracts.topics import UNLOCATED, inbound_name
from shared.decision import Poison
from shared.infra.engine.outbox import Outgoing
from shared.infra.sealed_records import sealed
from shared.infra.vault import Vault

MAX_RECORD_BYTES = MAX_BYTES - 32 * 1024
"""A record must fit its topic together with its headers."""

_WANTED = {
    Kind.REPORT: "The object is a command; those go to /v1/commands.",
    Kind.COMMAND: "The object is no command: it needs `case_id` and `type`, e.g. task.accept.",
}
_DISTRICT = 6


@dataclass(frozen=True, slots=True)
class Submitter:
    """Makes the records of one request; `idempotency_key` names its messages where the client gave one."""

    desk: Desk
    grant: Grant
    kind: Kind
    now: datetime
    idempotency_key: str
    vault: Vault
    traceparent: str | None = None

    def record(self, item: Any, number: int) -> tuple[str, Outgoing]:
        """Return the id and the record of one object.

        Raises:
            Poison: it would become a dead letter, or the key does not allow it.
        """
        if not isinstance(item, dict):
            raise Poison("bad-json", "It is not an object.")
        message = bare_message({name: value for name, value in item.items() if name != "district"})
        if message.kind is not self.kind:
            raise Poison("bad-envelope", _WANTED[self.kind])
        district = self._district(item)
        envelope = Envelope(district, self.grant.partner, self.now, message)
        key = self.desk.check(envelope)
        if district == UNLOCATED and self.kind is Kind.REPORT:
            self._must_hold_for(self.desk.parse(envelope).district)
        id_ = key if self.kind is Kind.REPORT else self._command_id(message, number)
        return id_, self._outgoing(district, id_, key, message)

    def _district(self, item: dict[str, Any]) -> str:
        """Return whose topic the object goes to: the district it names, a command's own, the only one of the key."""
        districts = self.grant.districts
        own = str(item.get("case_id", ""))[:_DISTRICT] if self.kind is Kind.COMMAND else ""
        named = str(item.get("district") or own)
        if not named:
            return next(iter(districts)) if len(districts) == 1 and ANY not in districts else UNLOCATED
        self._must_hold_for(named)
        return named

    def _must_hold_for(self, district: str) -> None:
        if not {ANY, district} & self.grant.districts:
            raise Poison("forbidden", f"district: this key does not hold for {district[:_DISTRICT]!r}.")

    def _command_id(self, message: Message, number: int) -> str:
        """Return the id of a command: the same content is the same command, if it says when it happened."""
        if self.idempotency_key:
            return event_id(f"http/{self.grant.partner}/{self.idempotency_key}/{number}", 0)
        content = json.dumps(message.payload, ensure_ascii=False, sort_keys=True)
        when = "" if message.payload.get("occurred_at") else format_instant(self.now)
        return event_id(f"http/{self.grant.partner}/{message.type}/{content}/{when}", 0)

    def _outgoing(self, district: str, id_: str, key: str, message: Message) -> Outgoing:
        value = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        limit = MAX_RECORD_BYTES if self.kind is Kind.REPORT else MAX_COMMAND_BYTES
        if len(value) > limit:
            raise Poison("too-large", f"It has {len(value)} bytes; up to {limit} are taken.")
        source, at = f"/{district}/{self.grant.partner}", format_instant(self.now)
        attributes = Attributes(id_, source, message.type, at, traceparent=self.traceparent)
        topic = inbound_name(district, self.grant.partner)
        closed, header = sealed(self.vault, topic, value)
        return Outgoing(topic, key.encode(), closed, [*header, *to_headers(attributes)])

"""The dead letters of a topic as an operator sees them: one a rejected record, with what has been replayed. No I/O."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from shared.contracts.base import Instant, format_instant
from shared.contracts.dead_letters import RecordRejected, RecordReplayed
from shared.contracts.envelope import Envelope, EnvelopeError, Headers, from_headers, to_headers
from shared.contracts.ids import event_id
from shared.infra.engine.inbox import REPLAY_HEADER
from shared.infra.sealed_records import key_of, opened
from shared.infra.vault import SealError, Vault


class Read(Protocol):
    """The part of a consumed record that is needed here."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True)
class Letter:
    """A dead letter. `topic` is the one it lies on; it may have been written more than once, always with one id."""

    id: str
    topic: str
    key: bytes | None
    rejected: RecordRejected
    replays: list[RecordReplayed] = field(default_factory=list)
    vault: Vault | None = None

    @property
    def case(self) -> str:
        """Return the original's key: the case, or the report's id on an inbound topic."""
        return "" if self.key is None else self.key.decode(errors="backslashreplace")

    @property
    def original_key(self) -> bytes | None:
        """Return the original's key as it came."""
        return None if self.rejected.key is None else base64.b64decode(self.rejected.key)

    @property
    def sealed_under(self) -> str | None:
        """Return the id of the vault key that the original's value is sealed under, if it is."""
        return key_of(self.rejected.original_headers)

    @property
    def content(self) -> bytes | None:
        """Return the original's value as its sender wrote it; None for a tombstone, and while the seal holds."""
        value = self.rejected.original_value
        if self.sealed_under is None or value is None:
            return value
        try:
            headers = self.rejected.original_headers
            return opened(self.vault, self.rejected.origin_topic, value, headers).value if self.vault else None
        except SealError:
            return None

    def as_json(self) -> dict[str, Any]:
        """Return everything that is known of it as JSON values; the original in base 64, and as text if we can."""
        told = json.loads(self.rejected.model_dump_json(by_alias=True, exclude_none=True))
        replays = [json.loads(one.model_dump_json(by_alias=True)) for one in self.replays]
        return {"id": self.id, **told, "text": as_text(self.content), "replays": replays}


def as_text(value: bytes | None) -> str | None:
    """Return bytes as text when they are UTF-8."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def collect(records: Iterable[Read], vault: Vault | None = None) -> list[Letter]:
    """Return the letters of some dead-letters topics in the order they were rejected, replays noted on them.

    What is no letter of ours (some other hand may have written onto the topic) is passed over. With the vault's keys
    sealed originals can be read; to send them again nobody needs them.
    """
    letters: dict[str, Letter] = {}
    replays: list[RecordReplayed] = []
    for record in records:
        said = _read(record)
        if isinstance(said, Letter):
            said.vault = vault
            letters.setdefault(said.id, said)
        elif said is not None:
            replays.append(said)
    for replay in replays:
        if replay.letter_id in letters:
            letters[replay.letter_id].replays.append(replay)
    return sorted(letters.values(), key=lambda letter: letter.rejected.recorded_at)


def _read(record: Read) -> Letter | RecordReplayed | None:
    value = record.value or b""
    try:
        envelope = from_headers(record.headers)
        if envelope.type == RecordReplayed.type:
            return RecordReplayed.model_validate_json(value)
        return Letter(envelope.id, record.topic, record.key, RecordRejected.model_validate_json(value))
    except (EnvelopeError, ValidationError):
        return None


def find(letters: Sequence[Letter], wanted: str) -> list[Letter]:
    """Return the letters whose id begins so."""
    return [letter for letter in letters if letter.id.startswith(wanted)]


def replay_headers(letter: Letter) -> list[tuple[str, bytes | None]]:
    """Return the original's headers, byte for byte, and one more that names the letter.

    Refused and replayed again it names the first one: a command without an id of its own is known again by that.
    """
    original = letter.rejected.original_headers
    named = any(name == REPLAY_HEADER for name, _ in original)
    return original if named else [*original, (REPLAY_HEADER, letter.id.encode())]


def replayed(letter: Letter, partition: int, offset: int, now: Instant) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Return the value and headers of the record that says that a letter's original went back."""
    rejected = letter.rejected
    said = RecordReplayed(
        district=rejected.district,
        recorded_at=now,
        letter_id=letter.id,
        topic=rejected.origin_topic,
        partition=partition,
        offset=offset,
    )
    envelope = Envelope(
        id=event_id(f"replay/{letter.id}/{partition}/{offset}", 0),
        source=f"/gridwhistle/{rejected.district}/cli",
        type=said.type,
        time=format_instant(now),
        causationid=letter.id,
    )
    return said.model_dump_json(by_alias=True).encode(), to_headers(envelope)

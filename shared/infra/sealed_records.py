"""Whole records under seal: what came over HTTP on its way through the broker, and what intake had to refuse.

A record of a partner may hold anything about anybody, most of all one that could not be read. So its value is closed
with a vault key before intake itself puts it on a topic: on the partner's own inbound topic, where HTTP's messages go,
and in a dead letter. The header `gw_sealed` names the key; with it the value comes back byte for byte, and a replayed
letter is opened by intake itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.envelope import Headers
from shared.infra.vault import SealError, Vault

SEALED = "gw_sealed"


@dataclass(frozen=True, slots=True)
class Opened:
    """A record whose seal was taken off."""

    topic: str
    value: bytes
    headers: Headers


@dataclass(slots=True)
class Guarded:
    """A record as it may stand in a dead letter: its value is sealed when somebody asks for it, which is rare."""

    record: Any
    vault: Vault

    @property
    def value(self) -> bytes | None:
        """The value under seal; a tombstone stays one."""
        value: bytes | None = self.record.value
        return self.vault.close(value, self.record.topic) if value and self._is_clear else value

    @property
    def headers(self) -> Headers:
        """The headers, with the key's name where the value is under seal."""
        headers: Headers = self.record.headers
        sealed = self.record.value and self._is_clear
        return [(SEALED, self.vault.sealing.encode()), *headers] if sealed else headers

    @property
    def _is_clear(self) -> bool:
        return not opens(self.vault, self.record)

    @property
    def topic(self) -> str:
        """Where it came from."""
        return str(self.record.topic)

    @property
    def partition(self) -> int:
        """The partition it came from."""
        return int(self.record.partition)

    @property
    def offset(self) -> int:
        """Its place there."""
        return int(self.record.offset)

    @property
    def timestamp(self) -> int:
        """When the broker or its sender says it came, in milliseconds since 1970."""
        return int(self.record.timestamp)

    @property
    def key(self) -> bytes | None:
        """Its key."""
        key: bytes | None = self.record.key
        return key


def key_of(headers: Headers) -> str | None:
    """Return the id of the key that a record's value is sealed under, None when it is in the clear.

    The first counts: a record that only claims to be sealed is sealed around its claim.
    """
    return next(((value or b"").decode(errors="replace") for name, value in headers if name == SEALED), None)


def opened(vault: Vault, topic: str, value: bytes | None, headers: Headers) -> Opened:
    """Return a sealed record's content with the headers it had before.

    Raises:
        SealError: another key, another topic, or it never was sealed.
    """
    content = vault.uncover(value or b"", topic, key_of(headers) or "")
    first = next(place for place, (name, _) in enumerate(headers) if name == SEALED)
    return Opened(topic, content, [*headers[:first], *headers[first + 1 :]])


def opens(vault: Vault, record: Any) -> bool:
    """Say whether a record stands under a seal of ours."""
    if key_of(record.headers) is None:
        return False
    try:
        opened(vault, record.topic, record.value, record.headers)
    except SealError:
        return False
    return True


def sealed(vault: Vault, topic: str, value: bytes) -> tuple[bytes, Sequence[tuple[str, bytes]]]:
    """Return a value under seal and the header that says so."""
    return vault.close(value, topic), [(SEALED, vault.sealing.encode())]

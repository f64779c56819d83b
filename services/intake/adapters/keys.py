"""The API keys of partners: a file of digests, read again when it changes, so that a key can be taken back at once."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from shared.infra.log import get_logger

ANY = "*"
_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key gives: to speak as one partner, in these districts (`*`: in every one)."""

    partner: str
    districts: frozenset[str]
    digest: bytes


@dataclass(slots=True)
class KeyFile:
    """Lines of `partner district|* sha256-hex`; the same key may have a line for each of several districts.

    Without a file nobody gets in. A file that cannot be read any more leaves the keys as they were, and says so.
    """

    path: Path | None
    _stamp: tuple[int, int] | None = None
    _grants: tuple[Grant, ...] = ()

    def find(self, key: str) -> Grant | None:
        """Return what a key gives, None when nobody has it. Every digest is compared, whichever fits, at equal pace."""
        self._read_again()
        digest = sha256(key.encode()).digest()
        matches = [grant for grant in self._grants if hmac.compare_digest(grant.digest, digest)]
        return matches[0] if matches else None

    def _read_again(self) -> None:
        if self.path is None:
            return
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._grants = tuple(read_grants(self.path.read_text(encoding="utf-8")))
                self._stamp = stamp
        except (OSError, UnicodeDecodeError) as error:
            if self._stamp is not None or not self._grants:
                get_logger().error("http_keys_unreadable", error=type(error).__name__)
            self._stamp = None


def read_grants(text: str) -> Iterator[Grant]:
    """Read the lines; one that cannot be read is named in the log and gives nothing."""
    districts: dict[tuple[str, bytes], set[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        digest = _digest(parts)
        if digest is None:
            get_logger().error("http_key_ignored", line=number)
            continue
        districts.setdefault((parts[0], digest), set()).add(parts[1])
    return (Grant(partner, frozenset(codes), digest) for (partner, digest), codes in districts.items())


def _digest(parts: list[str]) -> bytes | None:
    try:
        digest = bytes.fromhex(parts[2]) if len(parts) == _FIELDS else b""
    except ValueError:
        return None
    return digest if len(digest) == sha256().digest_size else None

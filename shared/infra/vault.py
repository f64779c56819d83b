"""Sealing what only intake and the notifier may read: AES-256-GCM under a named key, bound to what it belongs to.

Lives here because both ends need it; the keys themselves are a file that an operator gives to just these two services.
A sealed text is `key-id:base64(nonce + ciphertext)`. The nonce is random, so sealing the same content twice gives two
texts, and nobody without the key can tell that two reports are of one person. A whole record that is closed has a nonce
made of its content instead: refused again after a crash, it must have the same dead letter.
"""

from __future__ import annotations

import binascii
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class VaultKeysError(ValueError):
    """The file of vault keys cannot be used; the message says which line and why, without the key."""


class SealError(ValueError):
    """A sealed text cannot be opened: another key, another owner, or not whole."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what seals with it, and the secret that nonces of whole records are made with."""

    cipher: AESGCM
    nonces: bytes

    @classmethod
    def of(cls, secret: bytes) -> Key:
        """Make one of its bytes."""
        return cls(AESGCM(secret), hmac.digest(secret, b"nonces of records", "sha256"))


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys by id; the first of the file seals, every one of them opens, so that a key can be replaced."""

    sealing: str
    keys: Mapping[str, Key] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Vault:
        """Read the keys: one `key-id base64(32 bytes)` a line; empty lines and lines after `#` do not count.

        Raises:
            VaultKeysError: there is no such file, no key in it, or a line that is not one.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise VaultKeysError(f"the vault keys {path} cannot be read: {type(error).__name__}") from error
        keys: dict[str, Key] = {}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                name, key = _parse(line, f"{path}:{number}")
                keys[name] = key
        if not keys:
            raise VaultKeysError(f"the vault keys {path} hold no key")
        return cls(next(iter(keys)), keys)

    def seal(self, content: bytes, owner: str) -> str:
        """Return the content sealed under the newest key; it opens only for the same `owner` (a case id)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self.keys[self.sealing].cipher.encrypt(nonce, content, owner.encode())
        return f"{self.sealing}:{b64encode(sealed).decode()}"

    def close(self, content: bytes, owner: str) -> bytes:
        """Return the content sealed under the newest key, the same bytes for the same content and owner (a topic)."""
        key = self.keys[self.sealing]
        said = hmac.digest(key.nonces, len(owner).to_bytes(4) + owner.encode() + content, "sha256")
        nonce = said[:NONCE_BYTES]
        return nonce + key.cipher.encrypt(nonce, content, owner.encode())

    def refer(self, content: bytes) -> str:
        """Return a reference to the content, the same for the same content as long as the newest key is the same.

        Whoever has no key cannot find the content by trying, as a plain hash of a name is found from a list of names.
        """
        return hmac.digest(self.keys[self.sealing].nonces, b"reference\n" + content, "sha256").hex()

    def uncover(self, sealed: bytes, owner: str, name: str) -> bytes:
        """Return what was sealed under the key of that name.

        Raises:
            SealError: its key is not among ours, it belongs to another owner, or somebody changed it.
        """
        key = self.keys.get(name)
        if key is None:
            raise SealError(f"there is no vault key {name!r} here")
        try:
            return key.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("what is sealed is not whole, or belongs to another owner") from error

    def open(self, sealed: str, owner: str) -> bytes:
        """Return the content.

        Raises:
            SealError: its key is not among ours, it belongs to another owner, or somebody changed it.
        """
        name, _, text = sealed.partition(":")
        try:
            raw = b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SealError("the sealed text is not whole") from error
        return self.uncover(raw, owner, name)


def _parse(line: str, where: str) -> tuple[str, Key]:
    """Read one key.

    Raises:
        VaultKeysError: the line is not one.
    """
    name, _, text = line.strip().partition(" ")
    try:
        key = b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if not name or ":" in name or len(key) != KEY_BYTES:
        raise VaultKeysError(f"{where}: a vault key is `key-id base64(32 bytes)`, and an id has no colon")
    return name, Key.of(key)
